import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  initialRunView,
  reduceRun,
  runReducer,
  withConnection,
  type AnyEvent,
  type ArrivedResult,
  type RunView,
} from "../../src/client/index.ts";
import { randomLog } from "./random-log.ts";

type Fields = AnyEvent & Readonly<Record<string, unknown>>;

const fold = (
  arrivals: readonly (Fields | ArrivedResult)[],
  view: RunView<Fields> = initialRunView,
) => arrivals.reduce<RunView<Fields>>((before, arrival) => reduceRun(before, arrival), view);

/** Events of one run, numbered, of task `t` of node `work` unless they say otherwise. */
function events(
  ...parts: readonly (Fields & { readonly __typename: string })[]
): readonly Fields[] {
  const place = {
    runId: "run",
    node: "work",
    taskId: "t",
    namespace: [],
    attempt: 1,
    nodeAttempt: 1,
  };
  const own = { node: null, taskId: null, nodeAttempt: null };
  return parts.map((part, i) => ({
    ...place,
    ...(part.__typename === "RunStatusEvent" && own),
    ...part,
    seq: i + 1,
  }));
}

const started = (fields: object = {}) => ({ __typename: "NodeEvent", phase: "STARTED", ...fields });
const finished = (fields: object = {}) => ({
  __typename: "NodeEvent",
  phase: "FINISHED",
  ...fields,
});
const progress = (current: number, total: number, fields: object = {}) => ({
  __typename: "ProgressEvent",
  current,
  total,
  ...fields,
});
const chunk = (content: string, fields: object = {}) => ({
  __typename: "MessageChunk",
  messageId: "m",
  content,
  ...fields,
});
const citation = (title: string, fields: object = {}) => ({
  __typename: "CitationEvent",
  title,
  ...fields,
});
const status = (runStatus: string, fields: object = {}) => ({
  __typename: "RunStatusEvent",
  runStatus,
  ...fields,
});

describe("a run is shown", () => {
  test("with the progress of each task", () => {
    const { tasks } = fold(
      events(
        started(),
        started({ taskId: "u" }),
        progress(1, 4, { status: "Reading" }),
        progress(2, 4),
        progress(9, 3, { taskId: "u" }),
        finished({ durationMs: 5 }),
      ),
    );
    expect(tasks).toMatchObject([
      {
        taskId: "t",
        phase: "finished",
        durationMs: 5,
        progress: { current: 2, total: 4, fraction: 0.5, status: "Reading" },
      },
      { taskId: "u", phase: "running", progress: { current: 9, total: 3, fraction: 1 } },
    ]);
  });

  test("with the words of each answer of a model joined", () => {
    const { messages } = fold(
      events(
        chunk("Hel"),
        chunk("Tides", { messageId: "n" }),
        chunk("lo"),
        chunk("!", { taskId: "u" }),
      ),
    );
    expect(messages.map(({ messageId, node, text }) => [messageId, node, text])).toEqual([
      ["m", "work", "Hello"],
      ["n", "work", "Tides"],
      ["m", "work", "!"],
    ]);
  });

  test("with each key of the state as it was changed last, subgraphs left out", () => {
    const update = (changes: unknown, state: object | null, namespace: string[] = []) => ({
      __typename: "StateUpdate",
      changes,
      state,
      namespace,
    });
    const view = fold(
      events(
        update({ a: 1, b: 1 }, { report: { a: 1, b: 1, c: null } }),
        update([{ b: 2 }, { c: 3 }], { report: { a: null, b: 2, c: 3 } }),
        update({ a: 9 }, { report: { a: 9 } }, ["sub:1"]),
        update(null, null),
      ),
    );
    expect(view.changes).toEqual({ a: 1, b: 2, c: 3 });
    expect(view.state).toEqual({ report: { a: 1, b: 2, c: 3 } });
  });

  test("with the custom events, the last hundred of them", () => {
    const titles = Array.from({ length: 120 }, (_, i) => `title ${i}`);
    const { custom } = fold(events(...titles.map((title) => citation(title))));
    expect(custom.map(({ title }) => title)).toEqual(titles.slice(20));
  });

  test("with the questions that it waits to be answered, until it goes on", () => {
    const interrupts = [{ id: "i", value: "Really?" }];
    const log = events(started(), status("INTERRUPTED", { interrupts, output: { draft: "D" } }));
    const waiting = fold(log);
    expect(waiting).toMatchObject({
      status: "INTERRUPTED",
      isFinished: false,
      interrupts,
      output: { draft: "D" },
      tasks: [{ phase: "interrupted" }],
    });
    const goingOn = fold([{ ...status("RUNNING", { attempt: 2 }), seq: 3, runId: "run" }], waiting);
    expect(goingOn).toMatchObject({ status: "RUNNING", interrupts: [], attempt: 2 });
    expect(goingOn.tasks).toEqual(waiting.tasks);
  });

  test.each([
    ["SUCCEEDED", "finished", { output: { done: true }, result: { report: {} } }],
    ["FAILED", "stopped", { error: { code: "RUN_FAILED", message: "No more paper" } }],
    ["CANCELLED", "stopped", {}],
  ])("as it ended: %s, with its tasks %s", (runStatus, phase, fields) => {
    const view = fold(events(started(), progress(1, 2), status(runStatus, fields)));
    expect(view).toMatchObject({
      status: runStatus,
      isFinished: true,
      ...fields,
      tasks: [{ phase }],
    });
  });

  test("under a prefix, where the schema has one", () => {
    const reduce = runReducer({ prefix: "Agents" });
    const event = { ...status("RUNNING"), __typename: "AgentsRunStatusEvent" };
    expect(reduce<Fields>(initialRunView, event).status).toBe("RUNNING");
  });
});

describe("what runs again begins anew", () => {
  const before = [started(), progress(1, 2), chunk("Hel"), citation("A"), finished()];

  test.each([
    ["a node that is retried", { nodeAttempt: 2 }],
    ["a task that is recovered or resumed", { attempt: 2 }],
  ])("%s", (_name, again) => {
    const log = events(...before, chunk("Bye", again));
    const view = fold(log);
    expect(view.tasks).toMatchObject([{ progress: null, phase: null, ...again }]);
    expect(view.messages.map(({ text }) => text)).toEqual(["Bye"]);
    expect(view.custom).toEqual([]);
  });

  test("a node that starts again, where the operation selects no attempts", () => {
    const unnumbered = { attempt: undefined, nodeAttempt: undefined };
    const log = events(...[...before, started()].map((event) => ({ ...event, ...unnumbered })));
    expect(fold(log).tasks).toMatchObject([{ progress: null, phase: "running" }]);
  });

  test("other tasks keep what they have", () => {
    const other = { taskId: "u", node: "other" };
    const log = events(
      chunk("Stay", other),
      progress(1, 1, other),
      ...before,
      started({ nodeAttempt: 2 }),
    );
    const view = fold(log);
    expect(view.tasks).toMatchObject([{ progress: { current: 1 } }, { phase: "running" }]);
    expect(view.messages.map(({ text }) => text)).toEqual(["Stay"]);
  });

  test("a task that was running when its process died is gone, unless it runs again", () => {
    const log = events(
      started({ taskId: "done" }),
      chunk("Done", { taskId: "done" }),
      finished({ taskId: "done" }),
      started({ taskId: "lost" }),
      progress(1, 2, { taskId: "lost" }),
      chunk("Lost", { taskId: "lost" }),
      status("RUNNING", { attempt: 2 }),
      started({ taskId: "new", attempt: 2 }),
    );
    const view = fold(log);
    expect(view.tasks.map(({ taskId, phase }) => [taskId, phase])).toEqual([
      ["done", "finished"],
      ["new", "running"],
    ]);
    expect(view.messages.map(({ text }) => text)).toEqual(["Done"]);
  });

  test("a task of which nothing but words is known stays: it may have finished unheard", () => {
    const log = events(chunk("Hello"), status("RUNNING", { attempt: 2 }));
    expect(fold(log).messages.map(({ text }) => text)).toEqual(["Hello"]);
  });
});

describe("results are folded as events are", () => {
  const result = (seq: number, event: object | null, errors?: ArrivedResult["errors"]) => ({
    data: event && { __typename: "Subscription", workflowEvents: event },
    errors,
    extensions: { runId: "run", seq, cursor: `${seq}.1.run` },
  });

  test("with their place in `extensions`, so that the operation need not select it", () => {
    const view = fold([
      result(1, progress(1, 4)),
      result(4, progress(2, 4)),
      result(4, progress(3, 4)),
    ]);
    expect(view).toMatchObject({ runId: "run", lastSeq: 4, cursor: "4.1.run" });
    expect(view.tasks).toMatchObject([{ progress: { current: 2 } }]);
  });

  test.each([
    ["RUN_FAILED", "FAILED"],
    ["RUN_CANCELLED", "CANCELLED"],
  ])(
    "and %s is the run's end, for an operation that does not receive the status",
    (code, ending) => {
      const errors = [{ message: "Why", extensions: { code, reason: "GRAPH_RECURSION_LIMIT" } }];
      expect(fold([result(1, null, errors)])).toMatchObject({
        status: ending,
        isFinished: true,
        error: { code: "GRAPH_RECURSION_LIMIT", message: "Why" },
      });
    },
  );

  test("and an error that ends the stream is the subscription's, not the run's", () => {
    const errors = [{ message: "Gone", extensions: { code: "CURSOR_EXPIRED" } }];
    expect(fold([result(1, started()), { data: null, errors }])).toMatchObject({
      connection: "failed",
      status: null,
      isFinished: false,
      error: { code: "CURSOR_EXPIRED", message: "Gone" },
    });
  });
});

test("events of another run begin a new view", () => {
  const view = fold([
    ...events(started(), progress(1, 2)),
    { ...status("QUEUED"), runId: "other", seq: 1 },
  ]);
  expect(view).toMatchObject({ runId: "other", status: "QUEUED", tasks: [], lastSeq: 1 });
});

test("what an event does not change stays the same object, and a repeated event changes nothing", () => {
  const log = events(
    progress(1, 2),
    progress(1, 2, { taskId: "u" }),
    chunk("a"),
    citation("A"),
    progress(2, 2),
    chunk("b"),
    citation("B"),
  );
  const before = fold(log.slice(0, 4));
  const [progressed, talked, cited] = [5, 6, 7].map((end) => fold(log.slice(4, end), before));
  expect(progressed?.tasks[1]).toBe(before.tasks[1]);
  expect(progressed?.messages).toBe(before.messages);
  expect(progressed?.custom).toBe(before.custom);
  expect(talked?.tasks).toEqual(progressed?.tasks);
  expect(fold(log.slice(5, 6), progressed).tasks).toBe(progressed?.tasks);
  expect(fold(log.slice(6), talked).messages).toBe(talked?.messages);
  expect(cited?.custom[0]).toBe(before.custom[0]);
  const again = fold([{ ...progress(1, 2, { taskId: "u", attempt: 2 }), seq: 8 }], cited);
  expect(again.messages).toBe(cited?.messages);
  expect(again.custom).toBe(cited?.custom);
  expect(fold(log, cited)).toBe(cited);
});

describe("the connection", () => {
  test("is live when something comes, and ended when the subscription is complete", () => {
    const view = fold(events(started()));
    expect([initialRunView.connection, view.connection]).toEqual(["connecting", "live"]);
    expect(withConnection(view, "live")).toBe(view);
    const away = withConnection(view, "reconnecting");
    expect(fold([{ ...progress(1, 2), seq: 2 }], away).connection).toBe("live");
    const ended = withConnection(away, "ended");
    expect(ended.connection).toBe("ended");
    // The client closes a socket that nobody needs.
    expect(withConnection(ended, "reconnecting")).toBe(ended);
  });

  test("is no longer news when the run has ended", () => {
    const view = fold(events(status("SUCCEEDED")));
    expect(withConnection(view, "reconnecting")).toBe(view);
    const ended = withConnection(view, "ended");
    expect(ended.connection).toBe("ended");
    expect(withConnection(ended, "reconnecting")).toBe(ended);
  });

  test("fails with what the subscription failed with", () => {
    const error = { code: "NOT_FOUND", message: "No such run" };
    expect(withConnection(initialRunView, "failed", error)).toMatchObject({
      connection: "failed",
      error,
    });
  });

  test("stays failed when the client says that what has failed is complete, or its socket serves others", () => {
    const error = { code: "NOT_FOUND", message: "No such run" };
    const failed: RunView<Fields> = withConnection(
      initialRunView as RunView<Fields>,
      "failed",
      error,
    );
    for (const state of ["ended", "live", "reconnecting"] as const) {
      expect(withConnection(failed, state)).toBe(failed);
    }
    const [first] = events(started());
    const again = reduceRun<Fields>(failed, first as Fields);
    expect(again).toMatchObject({ connection: "live", error: null });
  });
});

describe("whatever happens in a run", () => {
  test("a client that is sent parts of it again, from any place, shows the same as one that saw it once", () => {
    fc.assert(
      fc.property(randomLog, fc.array(fc.tuple(fc.nat(), fc.nat())), (log, connections) => {
        const once = fold(log);
        let view: RunView<Fields> = initialRunView;
        for (const [back, length] of [...connections, [0, log.length] as const]) {
          // A connection goes on at most where the view is, and dies somewhere.
          const from = Math.max(0, view.lastSeq - (back % (log.length + 1)));
          view = fold(log.slice(from, from + (length % (log.length + 1))), view);
        }
        view = fold(log.slice(view.lastSeq), view);
        expect(view).toEqual(once);
      }),
    );
  });

  test("every task shows only what its last try said, and nothing runs that an earlier process ran", () => {
    fc.assert(
      fc.property(randomLog, (log) => {
        const view = fold(log);
        for (const task of view.tasks) {
          const own = log.filter(({ taskId }) => taskId === task.taskId);
          const tries = own.map(({ attempt, nodeAttempt }) => [attempt, nodeAttempt]);
          expect([task.attempt, task.nodeAttempt]).toEqual(tries.at(-1));
          const last = own.filter(
            ({ attempt, nodeAttempt }) =>
              attempt === task.attempt && nodeAttempt === task.nodeAttempt,
          );
          const currents = last.flatMap(({ current }) => (current === undefined ? [] : [current]));
          expect(task.progress?.current ?? null).toBe(currents.at(-1) ?? null);
          const said = last.map(({ content = "" }) => content as string).join("");
          const shown = view.messages.find(({ taskKey }) => taskKey === task.key)?.text ?? "";
          expect(shown).toBe(said);
          if (task.phase === "running") expect(task.attempt).toBe(view.attempt);
        }
      }),
    );
  });
});
