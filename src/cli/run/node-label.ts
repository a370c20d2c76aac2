import type { EventPlace } from "./run-event.ts";
import { oneLine } from "./terminal-text.ts";

/** Where an event comes from, for people: `investigate/search`; `run` for the run itself. */
export function nodeLabel({ namespace, node }: Pick<EventPlace, "namespace" | "node">): string {
  // LangGraph's segments are `node:task`.
  const path = namespace.map((segment) => segment.replace(/:.*$/, ""));
  return oneLine([...path, ...(node === null ? [] : [node])].join("/")) || "run";
}
