import { foldEvent } from "./fold-event.ts";
import type { EventFields } from "./fold-task.ts";
import type { OperationResult, ResultError } from "./result.ts";
import { initialRunView, type AnyEvent, type RunStatus, type RunView } from "./run-view.ts";

/** A result of a subscription, whatever brought it. */
export interface ArrivedResult {
  readonly data?: object | null | undefined;
  readonly errors?: OperationResult["errors"];
  readonly extensions?: unknown;
}

export interface RunReducerOptions {
  /** As in `schema: { prefix }` of the server. @default "" */
  readonly prefix?: string | undefined;
}

/**
 * Folds what a subscription brought into the view of its run: an event, or a result with one. Pure,
 * so `useReducer(reduceRun, initialRunView)` and `events.reduce` take it.
 *
 * Select `__typename` of every event. What was folded before is passed over, by the `seq` in the
 * result's `extensions` or in the event itself. `attempt`, `nodeAttempt`, `taskId`, `node` and
 * `namespace` tell tasks apart, and which of them run again: a task that is retried, recovered or
 * resumed writes its events again, so its progress, its messages and its custom events begin anew. A
 * task that was running when its process died, and is not run again, goes. Events of another run
 * begin a new view.
 */
export function reduceRun<Event extends AnyEvent>(
  view: RunView<Event>,
  arrival: Event | ArrivedResult,
): RunView<Event> {
  return fold(view, arrival, "");
}

/** `reduceRun` for a server whose schema has a prefix. */
export function runReducer({ prefix = "" }: RunReducerOptions): typeof reduceRun {
  return (view, arrival) => fold(view, arrival, prefix);
}

function fold<Event extends AnyEvent>(
  view: RunView<Event>,
  arrival: Event | ArrivedResult,
  prefix: string,
): RunView<Event> {
  // Inside, events are whatever came: what the operation selects is the caller's to know.
  return reduce(view as unknown as RunView, read(arrival), prefix) as unknown as RunView<Event>;
}

/** What arrived, and where it stands in the run. */
interface Arrival {
  readonly event: EventFields | undefined;
  readonly error: ResultError | undefined;
  readonly runId: string | undefined;
  readonly seq: number | undefined;
  readonly cursor: string | undefined;
}

function reduce(before: RunView, arrival: Arrival, prefix: string): RunView {
  const { event, error, runId, seq, cursor } = arrival;
  const isOther = before.runId !== null && runId !== undefined && runId !== before.runId;
  const view: RunView = isOther ? initialRunView : before;
  if (seq !== undefined && seq <= view.lastSeq) return before;
  const placed: RunView = {
    ...view,
    connection: view.connection === "ended" ? "ended" : "live",
    // What comes again has failed no longer.
    error: view.connection === "failed" ? null : view.error,
    runId: runId ?? view.runId,
    lastSeq: seq ?? view.lastSeq,
    cursor: cursor ?? view.cursor,
  };
  if (event) return foldEvent(placed, event, prefix);
  return error ? foldError(placed, error, seq !== undefined) : placed;
}

/** An error in place of the event: of the run, for an operation that does not receive its status. */
function foldError(
  view: RunView,
  { message, extensions }: ResultError,
  isPlaced: boolean,
): RunView {
  const code = text(extensions?.["code"]) ?? "INTERNAL";
  const status = STATUS_OF_ERROR[code];
  if (status) {
    const error = { code: text(extensions?.["reason"]) ?? code, message };
    return { ...view, status, isFinished: true, error };
  }
  // An event that could not be resolved leaves the stream as it is.
  return isPlaced ? view : { ...view, connection: "failed", error: { code, message } };
}

const STATUS_OF_ERROR: Readonly<Partial<Record<string, RunStatus>>> = {
  RUN_FAILED: "FAILED",
  RUN_CANCELLED: "CANCELLED",
};

function read(arrival: AnyEvent | ArrivedResult): Arrival {
  const isEvent = "__typename" in arrival;
  const { data, errors, extensions } = (isEvent ? { data: { arrival } } : arrival) as ArrivedResult;
  // `__typename` of the subscription itself may stand beside it.
  const event = Object.values(data ?? {}).find((value) => typeof value === "object") as
    | EventFields
    | null
    | undefined;
  const place = (extensions ?? {}) as Readonly<Record<string, unknown>>;
  return {
    event: event ?? undefined,
    error: errors?.[0],
    runId: text(place["runId"] ?? event?.["runId"]),
    seq: number(place["seq"] ?? event?.["seq"]),
    cursor: text(place["cursor"] ?? event?.["cursor"]),
  };
}

const text = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;

const number = (value: unknown): number | undefined =>
  typeof value === "number" ? value : undefined;
