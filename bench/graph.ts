import { setImmediate } from "node:timers/promises";
import { Annotation, START, StateGraph } from "@langchain/langgraph";

/** How many events are written between two turns of the event loop, as a busy node would. */
const EVENTS_PER_TURN = 100;

const State = Annotation.Root({ events: Annotation<number> });

/** Writes as many progress events as it is told to, as fast as it can. */
export const graph = new StateGraph(State)
  .addNode("write", async ({ events: total }, config) => {
    for (let current = 1; current <= total; current++) {
      config.writer?.({ type: "progress", current, total, status: "Writing" });
      if (current % EVENTS_PER_TURN === 0) await setImmediate();
    }
    return {};
  })
  .addEdge(START, "write")
  .compile();
