import { parseArgs } from "node:util";
import { createClient } from "graphql-ws";
import { initialRunView, reconnectOptions, reduceRun, resumable } from "langgraph-graphql/client";
import { WebSocket } from "ws"; // from Node 22 on there is one without it
import { FOLLOW, START } from "./operations.mjs";
import { createBars } from "./bars.mjs";
import { createLines } from "./lines.mjs";

const { values } = parseArgs({
  options: {
    topic: { type: "string", multiple: true, default: ["tides", "sand", "dunes"] },
    run: { type: "string" },
    after: { type: "string" },
  },
});
const url = (process.env.API_URL ?? "http://localhost:4000/graphql").replace(/^http/, "ws");
let view = initialRunView;
const client = resumable(
  createClient({
    url,
    webSocketImpl: WebSocket,
    ...reconnectOptions,
    // It goes on trying for as long as it takes; people want to know.
    on: { error: () => view.lastSeq === 0 && console.error(`No connection to ${url} yet`) },
  }),
);

// Bars for people, lines for pipes.
const screen = process.stdout.isTTY ? createBars() : createLines();
const runId = values.run ?? (await start(values.topic));

process.once("SIGINT", () => {
  screen.close();
  // Starting is not watching: the run goes on, and is there to go on with.
  const after = view.cursor === null ? "" : ` --after ${view.cursor}`;
  console.error(`\nThe run goes on. To watch the rest:\n  node main.mjs --run ${runId}${after}`);
  process.exit(130);
});

for await (const result of client.iterate({
  query: FOLLOW,
  variables: { runId, after: values.after },
})) {
  if (result.errors) throw new Error(result.errors[0].message);
  view = reduceRun(view, result);
  screen.show(view, result.data.workflowEvents);
}
screen.close();
await client.dispose();

if (view.error) console.error(`${view.status}: ${view.error.message}`);
process.exitCode = view.status === "SUCCEEDED" ? 0 : 1;

/** Starts the run, and no second one if the answer is lost: the id is ours. */
async function start(topics) {
  const id = crypto.randomUUID();
  const operation = { query: START, variables: { runId: id, topics } };
  const { value } = await client.iterate(operation).next();
  if (value.errors) throw new Error(value.errors[0].message);
  return value.data.startRun.run.id;
}
