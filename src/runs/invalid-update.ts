import { BadUserInputError } from "../errors.ts";
import { toProblems, type Issue } from "../workflows/standard-schema.ts";
import { toRunError } from "./run-error.ts";

/**
 * What LangGraph or the state's own schema had against an update of a thread's state, for whoever
 * asked for it; `undefined` for any other error.
 */
export function invalidUpdate(error: unknown): BadUserInputError | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("issues" in error && Array.isArray(error.issues)) {
    const problems = toProblems(error.issues as readonly Issue[], ["values"]);
    return new BadUserInputError("The values are not valid", problems, { cause: error });
  }
  // Told by its marks: the graph may use another copy of LangGraph.
  if (error.name !== "InvalidUpdateError" && !("lc_error_code" in error)) return undefined;
  const { message } = toRunError(error, true);
  return new BadUserInputError(message, [{ path: ["values"], message }], { cause: error });
}
