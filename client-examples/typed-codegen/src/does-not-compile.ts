import type { ResearchEvent } from "./research.js";

/** `npm run check` compiles this, and would say so if the build did not break at the missing case. */
export function incomplete(event: ResearchEvent): string {
  switch (event.__typename) {
    case "ProgressEvent":
      return event.status ?? "";
    case "MessageChunk":
      return event.content;
    case "RunStatusEvent":
      return event.runStatus;
    default:
      // @ts-expect-error -- there is no case for CitationEvent
      return event satisfies never;
  }
}
