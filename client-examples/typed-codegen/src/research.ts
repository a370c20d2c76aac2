import type { Received } from "langgraph-graphql/client";
import { graphql } from "./gql/index.js";
import type { ResearchSubscription } from "./gql/graphql.js";

export const Research = graphql(`
  subscription Research($input: ResearchInput!) {
    runWorkflow(input: { research: $input }) {
      __typename
      ... on ProgressEvent {
        status
        fraction
      }
      ... on CitationEvent {
        title
        kind
        relevance
      }
      ... on MessageChunk {
        content
      }
      ... on RunStatusEvent {
        runStatus
        result {
          research {
            summary
          }
        }
      }
    }
  }
`);

/** What the operation receives: of all event types the four that it names. */
export type ResearchEvent = Received<ResearchSubscription["runWorkflow"]>;

/** Without a case for each of them, or with one for another, it does not compile. */
export function describe(event: ResearchEvent): string {
  switch (event.__typename) {
    case "ProgressEvent":
      return `${event.status ?? ""} ${Math.round((event.fraction ?? 0) * 100)} %`;
    case "CitationEvent":
      return `${event.kind === "BOOK" ? "Book" : "Article"}: ${event.title}`;
    case "MessageChunk":
      return event.content;
    case "RunStatusEvent":
      return event.result?.research?.summary ?? event.runStatus;
    default:
      return event satisfies never;
  }
}
