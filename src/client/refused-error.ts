import type { ResultError } from "./result.ts";

/**
 * The server refused an operation, and would refuse it again. `errors` are those of GraphQL, if it
 * said so in its terms; `code` is the first one's.
 */
export class OperationRefusedError extends Error {
  override readonly name = "OperationRefusedError";
  /** The HTTP status. */
  readonly status: number;
  readonly errors: readonly ResultError[];
  readonly code: string | undefined;

  constructor(status: number, errors: readonly ResultError[]) {
    super(errors[0]?.message ?? `The server answered with status ${status}, and not with events`);
    this.status = status;
    this.errors = errors;
    const code = errors[0]?.extensions?.["code"];
    this.code = typeof code === "string" ? code : undefined;
  }
}
