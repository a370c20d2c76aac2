import { createClient } from "graphql-ws";
import { WebSocket } from "ws"; // from Node 22 on there is one without it

const url = (process.env.API_URL ?? "http://localhost:4000/graphql").replace(/^http/, "ws");
const client = createClient({ url, webSocketImpl: WebSocket });
const query = `subscription ($items: [String!]!) {
  runWorkflow(input: { report: { items: $items } }) {
    ... on ProgressEvent { current total status }
    ... on CompleteEvent { message }
  }
}`;
const seen = [];
for await (const { data, errors } of client.iterate({ query, variables: { items: ["a", "b"] } })) {
  if (errors) throw new Error(errors[0].message);
  seen.push(data.runWorkflow);
  console.log(data.runWorkflow);
}
await client.dispose();

const said = seen.map(({ status, message }) => status ?? message).join(", ");
if (said !== "Processing a, Processing b, All items processed") throw new Error(`It said: ${said}`);
console.log("✔ two steps of progress, and the node's word that it is done");
