import assert from "node:assert/strict";
import {
  Annotation,
  type BaseCheckpointSaver,
  Command,
  DeltaChannel,
  interrupt,
  START,
  StateGraph,
} from "@langchain/langgraph";
import type { Backend } from "../../backend.ts";
import type { ContractCase } from "../contract-case.ts";

/** The checkpointer, if there is one, and forgetting its oldest checkpoints. */
export const checkpoints: readonly ContractCase<Backend>[] = [
  {
    name: "of a pruned thread the newest checkpoints are left, and it goes on from them",
    async run(backend) {
      const { checkpointer } = backend;
      if (!checkpointer) return;
      const graph = counter(checkpointer);
      for (const threadId of ["thread-1", "thread-2"]) {
        for (let i = 0; i < 5; i++) await graph.invoke({ count: 1 }, onThread(threadId));
      }
      const all = await checkpointIds(checkpointer, "thread-1");
      await backend.pruneCheckpoints("thread-1", 4);
      assert.deepEqual(await checkpointIds(checkpointer, "thread-1"), all.slice(0, 4));
      assert.equal((await checkpointIds(checkpointer, "thread-2")).length, all.length);
      const state = await graph.invoke({ count: 1 }, onThread("thread-1"));
      assert.equal(state.count, 12);
    },
  },
  {
    name: "pruning a thread that has few checkpoints, or none, changes nothing",
    async run(backend) {
      const { checkpointer } = backend;
      if (!checkpointer) return;
      await counter(checkpointer).invoke({ count: 1 }, onThread("thread-1"));
      const all = await checkpointIds(checkpointer, "thread-1");
      await backend.pruneCheckpoints("thread-1", all.length);
      await backend.pruneCheckpoints("thread-1", Infinity);
      await backend.pruneCheckpoints("nobody", 1);
      assert.deepEqual(await checkpointIds(checkpointer, "thread-1"), all);
    },
  },
  {
    name: "a subgraph that keeps its state between runs still has it when its thread was pruned",
    async run(backend) {
      const { checkpointer } = backend;
      if (!checkpointer) return;
      // Called every other time, so that its newest checkpoint is older than those that are left.
      const graph = new StateGraph(State)
        .addNode("sub", counter(true))
        .addNode("rest", () => ({}))
        .addConditionalEdges(START, ({ isShort }) => (isShort ? "rest" : "sub"), ["sub", "rest"])
        .compile({ checkpointer });
      const calls = async () => {
        const config = { configurable: { thread_id: "thread-1", checkpoint_ns: "sub" } };
        return (await checkpointer.getTuple(config))?.checkpoint.channel_values["calls"];
      };
      for (let i = 0; i < 3; i++) await graph.invoke({ count: 1 }, onThread("thread-1"));
      for (let i = 0; i < 3; i++) {
        await graph.invoke({ count: 1, isShort: true }, onThread("thread-1"));
      }
      assert.equal(await calls(), 3);
      await backend.pruneCheckpoints("thread-1", 2);
      await graph.invoke({ count: 1, isShort: false }, onThread("thread-1"));
      assert.equal(await calls(), 4);
    },
  },
  {
    name: "a run that waits within a subgraph is resumed after its thread was pruned to one",
    async run(backend) {
      const { checkpointer } = backend;
      if (!checkpointer) return;
      const ask = new StateGraph(State)
        .addNode("before", () => ({ count: 10 }))
        .addNode("ask", () => ({ count: Number(interrupt("How many?")) }))
        .addEdge(START, "before")
        .addEdge("before", "ask")
        .compile();
      const graph = new StateGraph(State)
        .addNode("first", () => ({ count: 100 }))
        .addNode("sub", ask)
        .addEdge(START, "first")
        .addEdge("first", "sub")
        .compile({ checkpointer });
      await graph.invoke({ count: 0 }, onThread("thread-1"));
      await backend.pruneCheckpoints("thread-1", 1);
      const state = await graph.invoke(new Command({ resume: 7 }), onThread("thread-1"));
      // What the subgraph had counted by then comes once more with what it counts in the end.
      assert.equal(state.count, 100 + 100 + 10 + 7);
      assert.equal((await graph.getState(onThread("thread-1"))).next.length, 0);
    },
  },
  {
    name: "what is only written down step by step is still whole when its thread was pruned",
    async run(backend) {
      const { checkpointer } = backend;
      if (!checkpointer) return;
      const graph = new StateGraph(
        Annotation.Root({
          list: () =>
            new DeltaChannel<string[], string[]>((list, writes) => [...list, ...writes.flat()], {
              initialValueFactory: () => [],
            }),
        }),
      )
        .addNode("add", () => ({ list: ["node"] }))
        .addEdge(START, "add")
        .compile({ checkpointer });
      for (let i = 0; i < 4; i++) await graph.invoke({ list: [`${i}`] }, onThread("thread-1"));
      const before = (await graph.getState(onThread("thread-1"))).values;
      await backend.pruneCheckpoints("thread-1", 1);
      assert.deepEqual((await graph.getState(onThread("thread-1"))).values, before);
      assert.equal(before.list.length, 8);
    },
  },
  {
    name: "a thread's checkpoints are deleted, and no other's",
    async run({ checkpointer }) {
      if (!checkpointer) return;
      for (const threadId of ["thread-1", "thread-2"]) {
        await counter(checkpointer).invoke({ count: 1 }, onThread(threadId));
      }
      await checkpointer.deleteThread("thread-1");
      await checkpointer.deleteThread("nobody");
      assert.deepEqual(await checkpointIds(checkpointer, "thread-1"), []);
      assert.ok((await checkpointIds(checkpointer, "thread-2")).length > 0);
    },
  },
];

const State = Annotation.Root({
  count: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }),
  isShort: Annotation<boolean>(),
});

const CounterState = Annotation.Root({
  ...State.spec,
  calls: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }),
});

/** Adds one to the count at each run, beside what it is given. */
function counter(checkpointer: BaseCheckpointSaver | true) {
  return new StateGraph(CounterState)
    .addNode("add", () => ({ count: 1, calls: 1 }))
    .addEdge(START, "add")
    .compile({ checkpointer });
}

function onThread(threadId: string) {
  return { configurable: { thread_id: threadId }, durability: "sync" as const };
}

/** Newest first. */
async function checkpointIds(saver: BaseCheckpointSaver, threadId: string): Promise<string[]> {
  const found: string[] = [];
  const config = { configurable: { thread_id: threadId, checkpoint_ns: "" } };
  for await (const { checkpoint } of saver.list(config)) found.push(checkpoint.id);
  return found;
}
