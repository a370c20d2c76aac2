import { Annotation, END, interrupt, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  answers: Annotation<Readonly<Record<string, unknown>>>({
    reducer: (left, right) => ({ ...left, ...right }),
    default: () => ({}),
  }),
});

/**
 * A graph whose nodes ask one question each, all at once, and note the answers under their names.
 * What they ask for may be told as JSON Schema.
 */
export function questions(names: readonly string[], responseSchema?: object) {
  const options = responseSchema && { responseSchema };
  const nodes = names.map(
    (name) =>
      [
        name,
        () => ({ answers: { [name]: interrupt<string, unknown>(`${name}?`, options) } }),
      ] as const,
  );
  const builder = new StateGraph(State).addNode(Object.fromEntries(nodes));
  for (const name of names) builder.addEdge(START, name).addEdge(name, END);
  return builder.compile();
}
