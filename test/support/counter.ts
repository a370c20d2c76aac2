import { Annotation, END, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  /** From the input. */
  add: Annotation<number>({ reducer: (_left, right) => right, default: () => 0 }),
  /** Of all that has been added on the thread. */
  total: Annotation<number>({ reducer: (left, right) => left + right, default: () => 0 }),
});

/** A graph that adds what it is given to a sum that its thread keeps. */
export const counter = new StateGraph(State)
  .addNode("sum", ({ add }) => ({ total: add }))
  .addEdge(START, "sum")
  .addEdge("sum", END)
  .compile();
