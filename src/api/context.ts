import { ForbiddenError } from "../errors.ts";
import type { Viewer } from "../runs/engine.ts";

/**
 * What transports tell the resolvers about a request. Every part may be absent, so that the schema
 * also works when another server executes it.
 */
export interface ApiContext {
  /** Who asks. */
  readonly viewer?: Viewer | undefined;
  /**
   * The id of the operation, if its client repeats it when it retries the operation, as graphql-ws
   * clients do: then it is what makes starting a run idempotent.
   */
  readonly operationId?: string | undefined;
  /** Cursors that came beside the operation: `extensions.resume`, `Last-Event-ID`. */
  readonly cursors?: readonly string[] | undefined;
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

/** Whose request it is. A server that passes no context at all serves everybody alike. */
export function viewerOf(context: ApiContext | undefined): Viewer {
  return context?.viewer ?? null;
}
