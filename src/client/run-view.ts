import type { Received } from "./received.ts";

export type RunStatus = "QUEUED" | "RUNNING" | "INTERRUPTED" | "SUCCEEDED" | "FAILED" | "CANCELLED";

/**
 * What becomes of a subscription. `ended`: the run has, and nothing will come; `failed`: it was
 * refused, or given up.
 */
export type ConnectionState = "connecting" | "live" | "reconnecting" | "ended" | "failed";

/** Any event that an operation may receive, as far as it needs to be known here. */
export interface AnyEvent {
  readonly __typename?: string | undefined;
}

/**
 * What a user interface shows of a run: all its events so far, folded into one value by
 * {@link reduceRun}. Parts that an event did not change are the same objects as before. `Event` is
 * the union of the operation; what it does not select is absent here: `null`, or empty.
 */
export interface RunView<Event extends AnyEvent = AnyEvent> {
  readonly connection: ConnectionState;
  readonly runId: string | null;
  readonly status: RunStatus | null;
  /** Whether the run has ended. */
  readonly isFinished: boolean;
  /** Which execution of the run it is; 0 before the first. */
  readonly attempt: number;
  /** The seq of the last event that is in this view; 0 for none. */
  readonly lastSeq: number;
  /** Where to go on behind that event. */
  readonly cursor: string | null;
  /** The executions of nodes, those heard of first in front. */
  readonly tasks: readonly TaskView[];
  /** The answers of chat models, as far as they have come. */
  readonly messages: readonly MessageView[];
  /**
   * The changes to the state, each key as it was changed last: what a node returned, and not what
   * the graph's reducer made of it. Of the graph itself and not of its subgraphs, where the operation
   * selects `namespace`.
   */
  readonly changes: Readonly<Record<string, unknown>>;
  /** The same from `StateUpdate.state`, under the name of the workflow; a change to null is not seen. */
  readonly state: StateOf<Event> | null;
  /** What nodes wrote beside `progress` and `complete`, declared or not: the last 100. */
  readonly custom: readonly CustomOf<Event>[];
  /** What the run waits to be told. */
  readonly interrupts: readonly InterruptOf<Event>[];
  /** The graph's output, when the run succeeded; its state so far, since it was last interrupted. */
  readonly output: unknown;
  readonly result: ResultOf<Event> | null;
  /** Why the run failed, or the subscription. */
  readonly error: ErrorView | null;
}

/** One execution of a node. */
export interface TaskView {
  /** Tells it apart from others, for a list of a user interface. */
  readonly key: string;
  readonly node: string | null;
  readonly namespace: readonly string[];
  readonly taskId: string | null;
  readonly attempt: number | null;
  readonly nodeAttempt: number | null;
  /**
   * What it does, as far as events tell; `null` until they do. `interrupted`: it will run again once
   * the run is resumed; `stopped`: the run ended before it did.
   */
  readonly phase: "running" | "finished" | "failed" | "interrupted" | "stopped" | null;
  /** How far it has got, by its own word. */
  readonly progress: ProgressView | null;
  /** What it said when it was done, by its own word. */
  readonly message: string | null;
  /** How long it took, in milliseconds. */
  readonly durationMs: number | null;
  readonly error: ErrorView | null;
}

export interface ProgressView {
  readonly current: number | null;
  readonly total: number | null;
  /** From 0 to 1. */
  readonly fraction: number | null;
  readonly status: string | null;
}

export interface MessageView {
  readonly messageId: string | null;
  /** The `key` of the task that it comes from. */
  readonly taskKey: string;
  readonly node: string | null;
  /** All its pieces so far. */
  readonly text: string;
}

export interface ErrorView {
  readonly code: string;
  readonly message: string;
}

/** A view without events, which is one of any operation's. */
type EmptyRunView = { readonly [Key in keyof RunView<never>]: RunView<never>[Key] };

/** The view of a run of which nothing is known yet. */
export const initialRunView: EmptyRunView = {
  connection: "connecting",
  runId: null,
  status: null,
  isFinished: false,
  attempt: 0,
  lastSeq: 0,
  cursor: null,
  tasks: [],
  messages: [],
  changes: {},
  state: null,
  custom: [],
  interrupts: [],
  output: null,
  result: null,
  error: null,
};

/** Types of events that have a place of their own in the view. */
type Known =
  | "ProgressEvent"
  | "CompleteEvent"
  | "StateUpdate"
  | "MessageChunk"
  | "NodeEvent"
  | "RunStatusEvent";

type Member<Event, Name extends string> = Extract<Event, { readonly __typename?: Name }>;

/** What the members of a union select under a key, without null. */
type Field<Event, Key extends string> = Event extends { readonly [_ in Key]?: infer Value }
  ? NonNullable<Value>
  : never;

type Element<List> = List extends readonly (infer Item)[] ? Item : never;

type StateOf<Event> = Field<Member<Event, "StateUpdate">, "state">;
type ResultOf<Event> = Field<Member<Event, "RunStatusEvent">, "result">;
type InterruptOf<Event> = Element<Field<Member<Event, "RunStatusEvent">, "interrupts">>;
type CustomOf<Event> = Exclude<Received<Event>, { readonly __typename?: Known }>;
