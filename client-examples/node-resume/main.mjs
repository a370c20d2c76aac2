import assert from "node:assert/strict";
import { createClient } from "graphql-ws";
import { reconnectOptions, resumable } from "langgraph-graphql/client";
import { WebSocket } from "ws"; // from Node 22 on there is one without it

const url = (process.env.API_URL ?? "http://localhost:4000/graphql").replace(/^http/, "ws");

// All that it takes: `resumable`, and options with which the client never gives up.
let socket;
const client = resumable(
  createClient({
    url,
    webSocketImpl: WebSocket,
    ...reconnectOptions,
    on: { opened: (opened) => (socket = opened) },
  }),
);

// Any document will do: the cursor travels beside the data, in `extensions`.
const query = `subscription ($topics: [String!]!) {
  runWorkflow(input: { research: { topics: $topics } }) {
    __typename
    ... on RunEvent { seq node }
    ... on RunStatusEvent { runStatus }
  }
}`;

/** The connection is lost behind each of these events, the first one included. */
const CUT_BEHIND = [1, 5, 6, 15];

const seqs = [];
const runIds = new Set();
let cuts = 0;
let last;
for await (const { data, errors, extensions } of client.iterate({
  query,
  variables: { topics: ["tides", "sand"] },
})) {
  if (errors) throw new Error(errors[0].message);
  last = data.runWorkflow;
  seqs.push(last.seq);
  runIds.add(extensions.runId);
  console.log(String(last.seq).padStart(3), last.__typename, last.node ?? last.runStatus ?? "");
  if (CUT_BEHIND.includes(last.seq)) {
    // As a network does it: no word to the other side, and what is under way is gone.
    socket.terminate();
    cuts += 1;
    console.log("    ── connection cut ──");
  }
}
await client.dispose();

assert.equal(last.runStatus, "SUCCEEDED");
assert.equal(runIds.size, 1, "all events are of one run");
assert.equal(cuts, CUT_BEHIND.length, "each cut happened once");
assert.deepEqual(
  seqs,
  seqs.map((_, index) => index + 1),
  "every event came once, in order",
);
console.log(`✔ 1 to ${seqs.length}, each once and in order, over ${cuts} lost connections`);
