import type { ExecutionResult } from "graphql";
import type { CursorExtensions } from "./frame.ts";

/**
 * A result as JSON, with its place in `extensions`. What `JSON.stringify` would make of it, in half
 * the time: of a place all is known but its numbers, and no id of a run has to be escaped.
 */
export function resultJson(result: ExecutionResult, at: CursorExtensions | undefined): string {
  const json = JSON.stringify(result);
  if (!at) return json;
  const { runId, seq, cursor } = at;
  return `${json.slice(0, -1)},"extensions":{"runId":"${runId}","seq":${seq},"cursor":"${cursor}"}}`;
}
