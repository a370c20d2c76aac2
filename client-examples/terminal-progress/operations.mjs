export const START = `mutation ($runId: ID!, $topics: [String!]!) {
  startRun(runId: $runId, input: { research: { topics: $topics, sourcesPerTopic: 5 } }) {
    run { id }
  }
}`;

// By these `reduceRun` tells the tasks that go on at the same time apart.
const TASK = "seq node taskId namespace attempt nodeAttempt";

export const FOLLOW = `subscription ($runId: ID!, $after: Cursor) {
  workflowEvents(runId: $runId, after: $after) {
    __typename
    ... on ProgressEvent { ${TASK} current total fraction status }
    ... on CompleteEvent { ${TASK} message }
    ... on NodeEvent { ${TASK} phase error { code message } }
    ... on MessageChunk { ${TASK} messageId content }
    ... on RunStatusEvent { seq attempt runStatus error { code message } }
  }
}`;
