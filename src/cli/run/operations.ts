import type { Names } from "../../api/names.ts";

/** What the command asks a server, under the names of its schema. */
export type Operations = Readonly<
  Record<"workflows" | "run" | "start" | "follow" | "cancel", string>
>;

/** The root field of each is called alike, so that answers can be read whatever the prefix. */
export function createOperations({ type, rootField }: Names): Operations {
  const event = `{
    __typename
    ... on ${type("RunEvent")} {
      runId seq cursor createdAt node taskId step namespace attempt nodeAttempt
    }
    ... on ${type("WrittenEvent")} { type payload }
    ... on ${type("ProgressEvent")} { current total status fraction }
    ... on ${type("CompleteEvent")} { message }
    ... on ${type("CustomEvent")} { problems { path message } }
    ... on ${type("StateUpdate")} { changedKeys changes }
    ... on ${type("MessageChunk")} { messageId content raw }
    ... on ${type("NodeEvent")} { phase durationMs error { code message } }
    ... on ${type("RunStatusEvent")} {
      runStatus output error { code message } interrupts { id namespace value }
    }
  }`;
  return {
    workflows: `query { workflows: ${rootField("workflows")} { name field } }`,
    run: `query ($runId: ID!) {
      run: ${rootField("run")}(id: $runId) {
        workflow { name } createdAt finishedAt
        status output error { code message } interrupts { id namespace value }
      }
    }`,
    // `RunOptions` has a context only where a workflow takes one, but is always there.
    start: `subscription (
      $input: ${type("WorkflowInput")}!, $options: ${type("RunOptions")}
      $runId: ID!, $threadId: ID, $after: Cursor
    ) {
      event: ${rootField("runWorkflow")}(
        input: $input, options: $options, runId: $runId, threadId: $threadId, after: $after
      ) ${event}
    }`,
    follow: `subscription ($runId: ID!, $after: Cursor) {
      event: ${rootField("workflowEvents")}(runId: $runId, after: $after) ${event}
    }`,
    cancel: `mutation ($runId: ID!) {
      cancelled: ${rootField("cancelRun")}(runId: $runId) { run { status } }
    }`,
  };
}
