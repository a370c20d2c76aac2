import { callerFor, NOBODY, type Caller } from "../access/caller.ts";
import type { Viewer } from "../access/viewer.ts";
import { ForbiddenError } from "../errors.ts";

/**
 * What a server of your own passes as the context of an operation when it executes the schema, beside
 * what its other resolvers want:
 *
 * ```ts
 * startStandaloneServer(apollo, {
 *   context: async ({ req }) => ({ viewer: await viewerOf(req) }) satisfies SchemaContext,
 * });
 * ```
 */
export interface SchemaContext {
  /**
   * Who asks; `null` or absent for nobody, whom a service that has `authenticate` refuses with
   * `UNAUTHENTICATED`, field by field. You have made sure of it: the service takes your word.
   */
  readonly viewer?: Viewer | null | undefined;
  /**
   * The id of the operation, if its client repeats it when it retries the operation, as graphql-ws
   * clients do: a UUID makes starting a run idempotent.
   */
  readonly operationId?: string | undefined;
  /** Cursors that came beside the operation: `extensions.resume`, `Last-Event-ID`. */
  readonly cursors?: readonly string[] | undefined;
}

/** What our own transports tell the resolvers about a request. */
export interface ApiContext extends SchemaContext {
  /** Who asks, as a transport has found out; stands above `viewer`. */
  readonly caller?: Caller | undefined;
  /** Why this request may only read, if so: a form of another site sent it, say. */
  readonly writeForbidden?: string | undefined;
  /** Whether the transport knows what to do with a tick: see `StreamItem`. */
  readonly wantsTicks?: boolean | undefined;
  /** Called when the cursor stands at the end of a run that has ended: there is nothing to send, ever. */
  readonly onPastEnd?: (() => void) | undefined;
}

/** Refuses a request that may only read. Throws `ForbiddenError`. */
export function checkMayWrite(context: ApiContext | undefined): void {
  if (context?.writeForbidden !== undefined) throw new ForbiddenError(context.writeForbidden);
}

/** Who asks. A server that names nobody serves everybody alike, where the service lets it. */
export function callerOf(context: ApiContext | undefined): Caller {
  if (context?.caller) return context.caller;
  return context?.viewer ? callerFor(context.viewer) : NOBODY;
}
