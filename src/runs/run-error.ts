import type { RunError } from "../events/run-event.ts";
import { toJson } from "../json.ts";

/**
 * An error whose message clients see as it is, whatever the service hides otherwise. Throw it in a
 * node where the front end should learn why the run failed.
 */
export class PublicError extends Error {
  override readonly name: string = "PublicError";
  /** Recognised by this mark: the graph may use another copy of the package. */
  readonly isPublic = true;
}

/**
 * What a run's record says of what was thrown: LangGraph's code where there is one, and the message
 * unless it is to be hidden.
 */
export function toRunError(error: unknown, exposeMessages: boolean): RunError {
  const isShown = exposeMessages || markOf(error, "isPublic") === true;
  const code = markOf(error, "lc_error_code");
  return {
    code: typeof code === "string" ? code : "RUN_FAILED",
    message: isShown
      ? messageOf(error)
      : "The workflow failed; the server's log has more under the run's id",
  };
}

function messageOf(thrown: unknown): string {
  if (typeof thrown === "function") return "The node threw a function";
  if (typeof thrown !== "object" || thrown === null) return String(thrown);
  const message = markOf(thrown, "message");
  // LangGraph notes the task in whatever is thrown.
  if (typeof message !== "string") return JSON.stringify(toJson(thrown), without("pregelTaskId"));
  // LangChain appends a link to its own errors.
  const [text] = message.split("\n\nTroubleshooting URL:");
  const name = markOf(thrown, "name");
  return text || (typeof name === "string" ? name : "Error");
}

function without(hidden: string) {
  return (key: string, value: unknown): unknown => (key === hidden ? undefined : value);
}

/** A property of whatever was thrown, which may be nothing that has any, or throw when it is read. */
function markOf(thrown: unknown, name: string): unknown {
  try {
    return (thrown as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}
