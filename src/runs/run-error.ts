import type { RunError } from "../events/run-event.ts";

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
  const { lc_error_code: code, isPublic } = (
    typeof error === "object" && error !== null ? error : {}
  ) as { readonly lc_error_code?: unknown; readonly isPublic?: unknown };
  return {
    code: typeof code === "string" ? code : "RUN_FAILED",
    message:
      exposeMessages || isPublic === true
        ? messageOf(error)
        : "The workflow failed; its log says why",
  };
}

function messageOf(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error))
      return typeof thrown === "string" ? thrown : JSON.stringify(thrown);
    // LangChain appends a link to its own errors.
    return thrown.message.split("\n\nTroubleshooting URL:")[0] || thrown.name;
  } catch {
    return "The node threw something that is no error";
  }
}
