import { interrupt, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { expect, test } from "vitest";
import { z } from "zod";
import {
  initialRunView,
  reduceRun,
  resumable,
  withConnection,
  type RunView,
} from "../../src/client/index.ts";
import { post } from "../support/http.ts";
import { startService } from "../support/service.ts";
import { connect } from "../support/web-socket.ts";

type Event = { readonly __typename: string };

const QUERY = `subscription {
  runWorkflow(input: { review: { draft: "D" } }) {
    __typename
    ... on RunEvent { node taskId namespace attempt nodeAttempt }
    ... on ProgressEvent { current total status }
    ... on CustomEvent { payload }
    ... on NodeEvent { phase }
    ... on StateUpdate { changes }
    ... on RunStatusEvent { runStatus interrupts { id value } output }
  }
}`;

/** Writes, fails once and writes again; then writes, asks and, once answered, writes again. */
function reviewGraph() {
  let tries = 0;
  const State = z.object({ draft: z.string(), approved: z.boolean().optional() });
  return new StateGraph(State)
    .addNode(
      "write",
      (_state, { writer }) => {
        tries += 1;
        writer?.({ type: "progress", current: tries, total: 2, status: "Writing" });
        writer?.({ type: "page", tries });
        if (tries === 1) throw new Error("No more paper");
        return { draft: "Draft" };
      },
      { retryPolicy: { maxAttempts: 2, initialInterval: 1, jitter: false } },
    )
    .addNode("ask", (_state, { writer }) => {
      writer?.({ type: "page", asked: true });
      return { approved: interrupt<string, boolean>("Is it all right?") };
    })
    .addEdge(START, "write")
    .addEdge("write", "ask")
    .compile({ checkpointer: new MemorySaver() });
}

test("the view of a run that is retried, interrupted and resumed shows the last try of each node, whatever the connection does", async () => {
  await using service = await startService({ workflows: { review: reviewGraph() } });
  const client = resumable(connect(service.wsUrl, { retryAttempts: Infinity }));
  let view: RunView<Event> = initialRunView;
  let waiting: RunView<Event> | undefined;
  await new Promise<void>((resolve, reject) => {
    client.subscribe(
      { query: QUERY },
      {
        next(result) {
          view = reduceRun(view, result);
          if (view.lastSeq % 4 === 0) service.sockets.at(-1)?.terminate();
          if (view.status !== "INTERRUPTED" || waiting) return;
          waiting = view;
          const [question] = view.interrupts as unknown as readonly { readonly id: string }[];
          const answers = [{ interruptId: question?.id, value: true }];
          void post(service.url, {
            query: `mutation ($runId: ID!, $answers: [InterruptAnswer!]!) {
              resumeRun(runId: $runId, answers: $answers) { run { id } }
            }`,
            variables: { runId: view.runId, answers },
          });
        },
        error: reject,
        complete() {
          view = withConnection(view, "ended");
          resolve();
        },
      },
    );
  });
  await client.dispose();
  expect(service.sockets.length).toBeGreaterThan(1);

  const written = { node: "write", phase: "finished", progress: { current: 2, fraction: 1 } };
  expect(waiting).toMatchObject({
    tasks: [written, { node: "ask", phase: "interrupted" }],
    custom: [{ payload: { tries: 2 } }, { payload: { asked: true } }],
    interrupts: [{ value: "Is it all right?" }],
    changes: { draft: "Draft" },
  });
  expect(view).toMatchObject({
    connection: "ended",
    status: "SUCCEEDED",
    attempt: 2,
    tasks: [written, { node: "ask", phase: "finished", attempt: 2 }],
    custom: [{ payload: { tries: 2 } }, { payload: { asked: true } }],
    interrupts: [],
    changes: { draft: "Draft", approved: true },
    output: { draft: "Draft", approved: true },
  });
  expect(view.tasks.length).toBe(2);
});
