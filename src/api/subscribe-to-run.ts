import type { GraphQLResolveInfo } from "graphql";
import { BadUserInputError } from "../errors.ts";
import { furthest, parseCursor, type Cursor } from "../events/cursor.ts";
import { checkReach } from "../events/follow.ts";
import type { Run } from "../runs/run.ts";
import type { Api } from "./api.ts";
import type { ApiContext } from "./context.ts";
import { EventStream, type StreamItem } from "./event-stream.ts";
import type { EventSource } from "./event-source.ts";
import { namedTypes } from "./named-types.ts";

export interface SubscribeOptions {
  readonly run: Run;
  /** Where the client stands; from the beginning when absent. */
  readonly cursor: Cursor | undefined;
  readonly only: readonly string[] | null | undefined;
  readonly info: GraphQLResolveInfo;
  readonly context: ApiContext | undefined;
  readonly onLeave?: (() => void) | undefined;
}

/**
 * Opens the stream of a run's events for one operation. Throws `CursorExpiredError` here, while a
 * transport can still answer with a status: an `EventSource` retries whatever begins as a stream.
 */
export async function subscribeToRun(
  { engine, catalog, names }: Api,
  options: SubscribeOptions,
): Promise<EventStream> {
  const { run, cursor, only, info, context, onLeave } = options;
  const after = cursor?.seq ?? 0;
  const page = await engine.read(run.id, after, 1);
  checkReach(page, after);
  if (page.closed && after === page.lastSeq) context?.onPastEnd?.();
  const abort = new AbortController();
  return new EventStream({
    run,
    pages: engine.follow(run.id, after, abort.signal),
    abort,
    typeNameOf: (event) => catalog.typeNameOf(event),
    only: only ? new Set(only) : namedTypes(info),
    statusType: names.type("RunStatusEvent"),
    wantsTicks: context?.wantsTicks ?? false,
    onLeave,
  });
}

/** The furthest place that the client says it has reached, in any of the ways to say it. */
export function cursorFrom(
  after: string | null | undefined,
  context: ApiContext | undefined,
): Cursor | undefined {
  const cursors = (context?.cursors ?? []).map((text) => parseCursor(text));
  return furthest(after == null ? cursors : [parseCursor(after, ["after"]), ...cursors]);
}

/** Refuses a cursor of another run. */
export function checkCursorIsOf(runId: string, cursor: Cursor | undefined): void {
  if (cursor?.runId === undefined || cursor.runId === runId) return;
  throw new BadUserInputError(`The cursor is of run ${cursor.runId}, not of ${runId}`);
}

/** The result of one item: the event, or the error that stands in for it. */
export function resolveItem(item: StreamItem): EventSource {
  if (item.kind === "event") return item.source;
  if (item.kind === "failure") throw item.error;
  throw new TypeError("A tick has no result");
}
