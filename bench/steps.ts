import { setTimeout } from "node:timers/promises";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";

const PAUSE_MS = 20;
const EVENTS_PER_STEP = 10;

const State = Annotation.Root({ step: Annotation<number>, steps: Annotation<number> });

/**
 * Takes so many steps of a fifth of a second, each of which ends with a checkpoint, and writes 50 events/s
 * meanwhile: each says which process writes it and when, in nanoseconds of the monotonic clock.
 */
export const steps = new StateGraph(State)
  .addNode("work", async ({ step, steps: total }, config) => {
    for (let i = 0; i < EVENTS_PER_STEP; i++) {
      const status = `${process.pid} ${process.hrtime.bigint()}`;
      config.writer?.({ type: "progress", current: step, total, status });
      await setTimeout(PAUSE_MS);
    }
    return { step: step + 1 };
  })
  .addEdge(START, "work")
  .addConditionalEdges("work", ({ step, steps: total }) => (step < total ? "work" : END))
  .compile();
