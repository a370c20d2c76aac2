import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { setMaxListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ingestBySink } from "../../../src/runs/ingest/sink.ts";
import { ingestByStream } from "../../../src/runs/ingest/stream.ts";
import { LANGGRAPH_VERSIONS } from "./langgraph-versions.ts";
import { FEATURES, randomGraph, type CompiledGraph } from "./random-graph.ts";
import { authorOf, signature } from "./random-script.ts";
import { recordIngest, recordInvoke, recordNative } from "./record.ts";
import { stubTimersByTurns } from "./turn-timers.ts";

const SEEDS = Array.from({ length: 300 }, (_, index) => index + 1);

/** Running 600 graphs takes 5 to 10 s on two slow cores. */
const TIMEOUT_MS = 120_000;

/**
 * A handler that is awaited where nodes start and end, as those of tracing are. Waiting for it takes
 * microtasks, so that of two nodes that race within a few of them the other one may be first, in
 * LangGraph's own stream as well: what observes nodes is measured by a stream that is observed alike.
 */
class AwaitedHandler extends BaseCallbackHandler {
  override readonly name = "awaited";
  override readonly awaitHandlers = true;
  override readonly ignoreAgent = true;
  override readonly ignoreRetriever = true;
}

beforeAll(() => {
  stubTimersByTurns();
  // A step with many tasks has that many listeners on one signal, and Node.js warns of a leak.
  setMaxListeners(0);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

describe.each(LANGGRAPH_VERSIONS)("with LangGraph $version", (langGraph) => {
  const graphOf = (seed: number): CompiledGraph => randomGraph(seed, langGraph).graph;
  const native = onceForEach((seed) => recordNative(graphOf(seed)));
  const nativeWithHandler = onceForEach((seed) =>
    recordNative(graphOf(seed), [new AwaitedHandler()]),
  );
  const bySink = onceForEach((seed) => recordIngest(ingestBySink, graphOf(seed), false));
  const observedBySink = onceForEach((seed) => recordIngest(ingestBySink, graphOf(seed), true));
  const byStream = onceForEach((seed) => recordIngest(ingestByStream, graphOf(seed), false));

  test("the random graphs make use of everything that they can be made of", () => {
    const used = SEEDS.flatMap((seed) => [...randomGraph(seed, langGraph).features]);
    for (const feature of FEATURES) {
      const graphs = used.filter((other) => other === feature).length;
      expect(graphs, feature).toBeGreaterThanOrEqual(10);
    }
  });

  test(
    "the sink reports custom events and updates as LangGraph streams them, in the same order",
    async () => {
      await forEachSeed(async (seed) => {
        expect((await bySink(seed)).recording).toEqual(await native(seed));
      });
    },
    TIMEOUT_MS,
  );

  test(
    "observing nodes changes the order as an awaited callback handler does, and no more",
    async () => {
      await forEachSeed(async (seed) => {
        expect((await observedBySink(seed)).recording).toEqual(await nativeWithHandler(seed));
      });
    },
    TIMEOUT_MS,
  );

  test(
    "ingest by the public stream reports the same, in the same order",
    async () => {
      await forEachSeed(async (seed) => {
        expect((await byStream(seed)).recording).toEqual(await native(seed));
      });
    },
    TIMEOUT_MS,
  );

  test(
    "the output is what invoke returns",
    async () => {
      await forEachSeed(async (seed) => {
        const output = await recordInvoke(graphOf(seed));
        expect((await bySink(seed)).output).toEqual(output);
        expect((await observedBySink(seed)).output).toEqual(output);
        expect((await byStream(seed)).output).toEqual(output);
      });
    },
    TIMEOUT_MS,
  );

  test(
    "a run that fails has reported all that LangGraph streams, and rejects with the same error",
    async () => {
      await forEachSeed(
        async (seed) => {
          const failingGraph = (): CompiledGraph =>
            randomGraph(seed, langGraph, { fails: true }).graph;
          const { recording } = await recordIngest(ingestBySink, failingGraph(), false);
          const expected = await recordNative(failingGraph());
          // Nodes beside the failing one go on until the run has ended: LangGraph's stream does not
          // take what they say then, the sink does.
          const streamed = expected.length - 1;
          expect([...recording.slice(0, streamed), recording.at(-1)]).toEqual(expected);
        },
        SEEDS.slice(0, 60),
      );
    },
    TIMEOUT_MS,
  );

  test(
    "each custom event is attributed to the node and the task that wrote it",
    async () => {
      await forEachSeed(async (seed) => {
        for (const { chunk, origin } of (await bySink(seed)).chunks) {
          if (chunk.kind === "written") expect(origin).toMatchObject(authorOf(chunk.payload));
        }
      });
    },
    TIMEOUT_MS,
  );

  test(
    "each update is attributed to the task that made it",
    async () => {
      await forEachSeed(async (seed) => {
        for (const { chunk, origin } of (await observedBySink(seed)).chunks) {
          const { node, taskId } = origin;
          if (chunk.kind !== "state") continue;
          expect(taskId).toBeTypeOf("string");
          const signed = trailOf(chunk.changes);
          // Subgraphs return everybody's trail, and nodes that return nothing have none.
          if (signed?.length !== 1 || !signed[0]?.startsWith(`${node} `)) continue;
          expect(signed).toEqual([signature({ node: `${node}`, taskId: `${taskId}` })]);
        }
      });
    },
    TIMEOUT_MS,
  );
});

async function forEachSeed(
  check: (seed: number) => Promise<void>,
  seeds: readonly number[] = SEEDS,
): Promise<void> {
  for (const seed of seeds) {
    await check(seed).catch((cause: unknown) => {
      throw new Error(`The graph of seed ${seed} differs`, { cause });
    });
  }
}

function onceForEach<T>(make: (seed: number) => Promise<T>): (seed: number) => Promise<T> {
  const made = new Map<number, Promise<T>>();
  return (seed) => {
    const known = made.get(seed) ?? make(seed);
    made.set(seed, known);
    return known;
  };
}

function trailOf(changes: unknown): readonly string[] | undefined {
  return typeof changes === "object" && changes !== null && "trail" in changes
    ? (changes.trail as readonly string[])
    : undefined;
}
