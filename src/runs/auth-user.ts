import { viewerOf } from "../access/viewer.ts";

/**
 * Who asked for a run or a thread, as nodes and graph factories learn it in `config.configurable`: by
 * the names that LangGraph's server gives it. `runtime.serverInfo.user` is the same.
 */
export function authUserOf(owner: string | null): object {
  if (owner === null) return {};
  const { id, tenant } = viewerOf(owner);
  return {
    langgraph_auth_user: { identity: id, ...(tenant !== undefined && { tenant }) },
    langgraph_auth_user_id: id,
  };
}
