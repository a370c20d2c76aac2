import type { GraphQLResolveInfo } from "graphql";
import { BadUserInputError } from "../errors.ts";
import { furthest, parseCursor, type Cursor } from "../events/cursor.ts";
import { checkCursor } from "../events/follow.ts";
import type { Run } from "../runs/run.ts";
import type { Api } from "./api.ts";
import type { Arg } from "./builder.ts";
import { callerOf, type ApiContext } from "./context.ts";
import { Conflation } from "./conflation.ts";
import { errorOf, EventStream, type StreamItem } from "./event-stream.ts";
import { sourceOf, type EventSource } from "./event-source.ts";
import { namedTypes } from "./named-types.ts";

/** Of `maxRate`: once in ten seconds, and more often than timers can tell. */
const MIN_RATE = 0.1;
const MAX_RATE = 1_000;

/** The argument `maxRate` of subscriptions. */
export function maxRateArg({ arg }: { readonly arg: Arg }) {
  return arg.float({
    required: false,
    description:
      "For user interfaces: of the `ProgressEvent`s of a task, only the newest is sent, so many times " +
      `a second, from ${MIN_RATE} to ${MAX_RATE}, and before any other event, all of which come as ever. All when absent.`,
  });
}

export interface SubscribeOptions {
  readonly run: Run;
  /** Where the client stands; from the beginning when absent. */
  readonly cursor: Cursor | undefined;
  readonly only: readonly string[] | null | undefined;
  /** How many `ProgressEvent`s of a task to send in a second at most; all when absent. */
  readonly maxRate: number | null | undefined;
  readonly info: GraphQLResolveInfo;
  readonly context: ApiContext | undefined;
  readonly onLeave?: (() => void) | undefined;
}

/**
 * Opens the stream of a run's events for one operation. Throws `BadUserInputError`, and
 * `CursorExpiredError` here, while a transport can still answer with a status: an `EventSource`
 * retries whatever begins as a stream.
 */
export async function subscribeToRun(
  { engine, catalog, names }: Api,
  options: SubscribeOptions,
): Promise<EventStream> {
  const { run, cursor, only, maxRate, info, context, onLeave } = options;
  checkRate(maxRate);
  const after = cursor?.seq ?? 0;
  const caller = callerOf(context);
  const page = await engine.read(run, { after: Math.max(0, after - 1), limit: 1 }, caller);
  checkCursor(page, { ...cursor, seq: after });
  if (page.closed && after === page.lastSeq) context?.onPastEnd?.();
  // Not the whole of it, with its input, for as long as somebody watches.
  const streamed = { id: run.id, createdAt: run.createdAt, workflow: run.workflow };
  return new EventStream({
    run: streamed,
    follow: (observer) => engine.follow(streamed, after, { observer, caller }),
    typeNameOf: catalog.typeNameOf,
    only: only ? new Set(only) : namedTypes(info),
    statusType: names.type("RunStatusEvent"),
    conflation: maxRate == null ? undefined : new Conflation(maxRate),
    wantsTicks: context?.wantsTicks ?? false,
    onLeave,
  });
}

/** Throws `BadUserInputError` for a `maxRate` out of its range. */
export function checkRate(maxRate: number | null | undefined): void {
  if (maxRate == null || (maxRate >= MIN_RATE && maxRate <= MAX_RATE)) return;
  const message = `Must be between ${MIN_RATE} and ${MAX_RATE}`;
  throw new BadUserInputError(`maxRate: ${message}`, [{ path: ["maxRate"], message }]);
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
  if (item.kind === "failure") throw errorOf(item);
  return sourceOf(item.run, item.event);
}
