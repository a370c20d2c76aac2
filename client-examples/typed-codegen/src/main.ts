import assert from "node:assert/strict";
import { createClient, type Client } from "graphql-ws";
import { received, reconnectOptions, resumable } from "langgraph-graphql/client";
import { WebSocket } from "ws";
import { describe, Research } from "./research.js";
import { serveTrusted } from "./serve-trusted.js";
import { subscribe, subscribeById } from "./subscribe.js";

const url = (process.env["API_URL"] ?? "http://localhost:4000/graphql").replace(/^http/, "ws");
// Typed as well: another `depth` than SKIM or STUDY does not compile.
const variables = { input: { topics: ["tides"], depth: "SKIM" as const, sourcesPerTopic: 2 } };

const seen = new Set<string>();
let text = "";
let summary: string | undefined;

await withClient(url, async (client) => {
  for await (const { runWorkflow } of subscribe(client, Research, variables)) {
    const event = received(runWorkflow);
    console.log(event.__typename.padEnd(15), describe(event));
    seen.add(event.__typename);
    if (event.__typename === "MessageChunk") text += event.content;
    if (event.__typename === "RunStatusEvent") summary = event.result?.research?.summary;
  }
});
assert.equal(seen.size, 4, "every event that the operation names has come");
assert.equal(text, summary, "the pieces of the answer make up the summary");

// The same without sending a document: the server knows it, and executes no other.
const trusted = await serveTrusted();
let byId = 0;
await withClient(trusted.url, async (client) => {
  for await (const _ of subscribeById(client, Research, variables)) byId += 1;
  const document = client.iterate({ query: "{ workflows { name } }" });
  const refused = await document.next().then(
    () => [],
    (errors: readonly { extensions?: { code?: unknown } }[]) => errors,
  );
  assert.deepEqual(
    refused.map(({ extensions }) => extensions?.code),
    ["FORBIDDEN"],
  );
});
await trusted.stop();
assert.ok(byId > 0);

console.log(
  `✔ ${seen.size} types of events, a case for each; ${byId} events by a trusted document's id, and none by another document`,
);

async function withClient(address: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = resumable(
    createClient({ url: address, webSocketImpl: WebSocket, ...reconnectOptions }),
  );
  try {
    await work(client);
  } finally {
    await client.dispose();
  }
}
