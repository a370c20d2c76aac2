import { Annotation, END, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  step: Annotation<number>,
  steps: Annotation<number>,
  text: Annotation<string>,
});

/** Takes so many steps over a state with a text, and so makes as many checkpoints. */
export const loop = new StateGraph(State)
  .addNode("count", async ({ step }) => ({ step: step + 1 }))
  .addEdge(START, "count")
  .addConditionalEdges("count", ({ step, steps }) => (step < steps ? "count" : END))
  .compile();
