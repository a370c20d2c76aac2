import { setImmediate, setTimeout } from "node:timers/promises";
import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { opened } from "./support/gates.ts";

/** What the graph is to do; the same for every peer. */
export interface Work {
  /** How many progress events it writes. */
  readonly events: number;
  /** How many of them between two turns of the event loop. @default 100, as a busy node would */
  readonly perTurn?: number;
  /** Milliseconds between two turns; as soon as possible when absent. */
  readonly pauseMs?: number;
  /** Milliseconds before the first event. */
  readonly startAfterMs?: number;
  /** Bytes of `status`. @default 7 */
  readonly payloadBytes?: number;
  /** Whether `status` is the time of the call, in nanoseconds of the monotonic clock. */
  readonly stamps?: boolean;
  /** Writes one event more, first, and then waits until this gate is opened. */
  readonly gate?: string;
}

const State = Annotation.Root({
  events: Annotation<number>,
  perTurn: Annotation<number>,
  pauseMs: Annotation<number>,
  startAfterMs: Annotation<number>,
  payloadBytes: Annotation<number>,
  stamps: Annotation<boolean>,
  gate: Annotation<string>,
});

/** Writes as many progress events as it is told to, in turns. */
export const graph = new StateGraph(State)
  .addNode("write", async (work: Work, config) => {
    const { events: total, perTurn = 100, pauseMs, startAfterMs, stamps, gate } = work;
    const status = "x".repeat(work.payloadBytes ?? 7);
    if (gate !== undefined) {
      config.writer?.({ type: "progress", current: 0, total, status });
      await opened(gate);
    }
    if (startAfterMs !== undefined) await setTimeout(startAfterMs);
    for (let current = 1; current <= total; current++) {
      config.writer?.({
        type: "progress",
        current,
        total,
        status: stamps ? String(process.hrtime.bigint()) : status,
      });
      if (current % perTurn === 0)
        await (pauseMs === undefined ? setImmediate() : setTimeout(pauseMs));
    }
    return {};
  })
  .addEdge(START, "write")
  .compile();
