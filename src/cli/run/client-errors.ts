import type { Problem } from "../../errors.ts";
import { CommandError, EXIT } from "./command-error.ts";
import { printable } from "./terminal-text.ts";

/** The connection was lost for good. What became of the run nobody here knows. */
export class LostConnectionError extends CommandError {
  constructor(url: string, options?: ErrorOptions) {
    super(`The connection to ${url} is lost; the run may go on`, EXIT.failed, options);
  }
}

/** The server knows no run of that id. */
export class UnknownRunError extends CommandError {
  readonly url: string;

  constructor(message: string, url: string) {
    super(message, EXIT.badInput);
    this.url = url;
  }
}

/** The server knows the run no more that was being watched. */
export class GoneRunError extends CommandError {
  constructor(cause: UnknownRunError) {
    super(
      `${cause.url} does not know the run any more: it may keep its runs in memory only, and have been restarted`,
      EXIT.failed,
      { cause },
    );
  }
}

interface ResultError {
  readonly message: string;
  readonly extensions?: { readonly code?: string; readonly problems?: readonly Problem[] };
}

/** What a server or the way to it refused, in words for people. */
export function toCommandError(thrown: unknown, url: string, wasConnected: boolean): CommandError {
  if (thrown instanceof CommandError) return thrown;
  if (Array.isArray(thrown)) return refusal(thrown as readonly ResultError[], url);
  const { code, reason } = thrown as { readonly code?: unknown; readonly reason?: string };
  // RFC 6455 §7.4.1
  if (code === 1009) {
    return new CommandError(`${url} takes no input of that size`, EXIT.badInput, { cause: thrown });
  }
  // Of graphql-ws: who asks is not known.
  if (code === 4403 && !wasConnected) {
    return new CommandError(
      `${url} does not know who asks (${printable(reason || "4403")}): pass --header "Authorization: Bearer …", with a token that is good there`,
      EXIT.failed,
      { cause: thrown },
    );
  }
  if (wasConnected) return new LostConnectionError(url, { cause: thrown });
  if (typeof code === "number") {
    const why = printable(reason || String(code));
    return new CommandError(`${url} closed the connection: ${why}`, EXIT.failed, { cause: thrown });
  }
  return unreachable(thrown, url);
}

function refusal([first]: readonly ResultError[], url: string): CommandError {
  const message = printable(first?.message ?? "It answers without data");
  const { code, problems = [] } = first?.extensions ?? {};
  if (/^(Cannot query field|Unknown type|Unknown argument)/.test(message)) {
    return new CommandError(
      `${url} does not answer as langgraph-graphql does (${message}): if its names have a prefix, pass it with --prefix`,
      EXIT.badInput,
    );
  }
  if (code === "NOT_FOUND") return new UnknownRunError(message, url);
  const refusals = PARTS.flatMap((part) => refusalOf(part, problems));
  if (refusals.length > 0) return new CommandError(refusals.join("\n"), EXIT.badInput);
  const isBadInput =
    code === "BAD_USER_INPUT" ||
    // GraphQL's own, of an input that is not of its type.
    message.startsWith("Variable ");
  const lines = problems
    // GraphQL's own message names one already.
    .filter((problem) => !message.includes(problem.message))
    .map((problem) => `  ${problem.path.join(".") || "the whole"}: ${printable(problem.message)}`);
  return new CommandError([message, ...lines].join("\n"), isBadInput ? EXIT.badInput : EXIT.failed);
}

/** What is given as JSON, and where GraphQL's variables have it. */
const PARTS = [
  { headline: "The input is not valid", at: ["input"], isContext: false },
  {
    headline: "The context is not valid; it is given with --context",
    at: ["options", "context"],
    isContext: true,
  },
] as const;

/** A headline and a line for each problem of that part, if it has any. */
function refusalOf(
  { headline, at, isContext }: (typeof PARTS)[number],
  problems: readonly Problem[],
): readonly string[] {
  const own = problems.filter(({ path }) => at.every((field, i) => path[i] === field));
  if (own.length === 0) return [];
  const lines = own.map(({ path, message }) => {
    const place = path.slice(at.length);
    // The schema has no place for the context of a workflow that takes none.
    if (isContext && place.length < 2 && message.includes("is not defined by type")) {
      return "  the workflow takes none: leave out --context";
    }
    return `  ${printable(place.join(".")) || "the whole"}: ${printable(message)}`;
  });
  return [headline, ...lines];
}

/** What `ws` says when no connection comes about: an event with an error in it. */
function unreachable(thrown: unknown, url: string): CommandError {
  const { error, message = "" } = thrown as {
    readonly error?: NodeJS.ErrnoException;
    readonly message?: string;
  };
  const [, status] = /^Unexpected server response: (\d+)$/.exec(message) ?? [];
  if (status === "401" || status === "403") {
    return new CommandError(
      `${url} refuses the connection (${status}): pass what it asks for with --header`,
      EXIT.failed,
      { cause: thrown },
    );
  }
  if (status !== undefined || message.includes("subprotocol")) {
    const answer = status === undefined ? message : `it answers ${status}`;
    return new CommandError(
      `${url} is not a langgraph-graphql server (${answer}): pass the address of its GraphQL, such as http://localhost:4000/graphql`,
      EXIT.badInput,
      { cause: thrown },
    );
  }
  return new CommandError(
    `${url} cannot be reached (${error?.code ?? message}): start the server, or mend --url`,
    EXIT.failed,
    { cause: thrown },
  );
}
