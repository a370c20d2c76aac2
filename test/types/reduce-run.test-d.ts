import { createClient, type Client } from "graphql-ws";
import { expectTypeOf, test } from "vitest";
import {
  initialRunView,
  reduceRun,
  resumable,
  runReducer,
  withConnection,
  type RunView,
} from "../../src/client/index.ts";

/** As code generation makes it of an operation that names four types of events. */
type Event =
  | { __typename: "ProgressEvent"; current: number }
  | { __typename: "CitationEvent"; title: string }
  | { __typename: "StateUpdate"; state: { report: { items: string[] | null } | null } | null }
  | {
      __typename: "RunStatusEvent";
      runStatus: "RUNNING" | "SUCCEEDED";
      result: { report: { summary: string } | null } | null;
      interrupts: { id: string; value: unknown }[];
    }
  | { __typename: "NodeEvent" }
  | { __typename: "CustomEvent" };

interface Subscribed {
  readonly __typename?: "Subscription";
  readonly runWorkflow: Event;
}

const view: RunView<Event> = initialRunView;

test("the view of an operation's events has the types of what the operation selects", () => {
  expectTypeOf(view.custom).toEqualTypeOf<
    readonly { __typename: "CitationEvent"; title: string }[]
  >();
  expectTypeOf(view.state).toEqualTypeOf<{ report: { items: string[] | null } | null } | null>();
  expectTypeOf(view.result).toEqualTypeOf<{ report: { summary: string } | null } | null>();
  expectTypeOf(view.interrupts).toEqualTypeOf<readonly { id: string; value: unknown }[]>();
});

test("the reducer takes an event, or a result of the operation, and keeps the type of the view", () => {
  expectTypeOf(reduceRun<Event>)
    .parameter(1)
    .extract<Event>()
    .toEqualTypeOf<Event>();
  const result = { data: {} as Subscribed, extensions: { seq: 1 } };
  expectTypeOf(reduceRun(view, result)).toEqualTypeOf<RunView<Event>>();
  expectTypeOf(reduceRun(view, { __typename: "ProgressEvent", current: 1 })).toEqualTypeOf<
    RunView<Event>
  >();
  expectTypeOf(runReducer({ prefix: "Agents" })<Event>).returns.toEqualTypeOf<RunView<Event>>();
  expectTypeOf(withConnection(view, "live")).toEqualTypeOf<RunView<Event>>();
});

test("an operation that selects no state, result or interrupts has none in its view", () => {
  type Bare = RunView<{ __typename: "ProgressEvent"; current: number }>;
  expectTypeOf<Bare["state"]>().toEqualTypeOf<null>();
  expectTypeOf<Bare["result"]>().toEqualTypeOf<null>();
  expectTypeOf<Bare["interrupts"]>().toEqualTypeOf<readonly never[]>();
});

test("without a type for its events a view takes any", () => {
  const any: RunView = initialRunView;
  expectTypeOf(reduceRun(any, { data: { events: { __typename: "X" } } })).toEqualTypeOf<RunView>();
});

test("a resumable client is the kind of client that was wrapped", () => {
  const client = createClient({ url: "ws://localhost" });
  expectTypeOf(resumable(client)).toEqualTypeOf<Client>();
});
