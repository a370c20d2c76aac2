/**
 * How many custom events a second does one run bring to one WebSocket subscriber, beside a plain
 * Yoga + graphql-ws resolver over `graph.stream`?
 *
 *   npm run bench [-- --events 20000 --rounds 7]
 *
 * Servers and client are processes of their own on this machine, rounds alternate, medians count.
 * The absolute figures are of this machine at this moment; the ratio is what can be compared.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "20000" },
    rounds: { type: "string", default: "7" },
  },
});
const events = Number(values.events);
const rounds = Number(values.rounds);

const SELECTION = "{ __typename ... on ProgressEvent { current total status } }";

interface Contestant {
  readonly name: string;
  readonly server: string;
  readonly query: string;
}

const contestants: readonly Contestant[] = [
  {
    name: "langgraph-graphql",
    server: "ours.ts",
    query: `subscription { runWorkflow(input: { write: { events: ${events} } }) ${SELECTION} }`,
  },
  {
    name: "plain Yoga + graphql-ws over graph.stream",
    server: "plain-yoga.ts",
    query: `subscription { runWorkflow(events: ${events}) ${SELECTION} }`,
  },
];

const results = new Map(contestants.map(({ name }) => [name, [] as number[]]));
for (let round = 0; round <= rounds; round++) {
  for (const { name, server, query } of contestants) {
    const eventsPerSecond = await measure(server, query);
    // The first round warms the machine up.
    if (round > 0) results.get(name)?.push(eventsPerSecond);
  }
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`);
console.log(`${events} events, median of ${rounds} alternating rounds\n`);
const [ours = 0, plain = 0] = contestants.map(({ name }) => median(results.get(name) ?? []));
console.table({
  [contestants[0]?.name ?? ""]: { "events/s": Math.round(ours), ratio: (ours / plain).toFixed(2) },
  [contestants[1]?.name ?? ""]: { "events/s": Math.round(plain), ratio: "1.00" },
});

/** Events a second, from sending the operation to its `complete`, on a server of its own. */
async function measure(server: string, query: string): Promise<number> {
  const child = fork(fileURLToPath(new URL(server, import.meta.url)));
  try {
    const [url] = (await once(child, "message")) as [string];
    await subscribe(url, query.replaceAll(String(events), "1000"));
    const { received, seconds } = await subscribe(url, query);
    if (received !== events) throw new Error(`${server} sent ${received} of ${events} events`);
    return received / seconds;
  } finally {
    await stop(child);
  }
}

async function subscribe(
  url: string,
  query: string,
): Promise<{ received: number; seconds: number }> {
  const socket = new WebSocket(url, "graphql-transport-ws");
  await once(socket, "open");
  socket.send('{"type":"connection_init"}');
  await once(socket, "message");
  const start = performance.now();
  let received = 0;
  const done = new Promise<void>((resolve, reject) => {
    socket.on("message", (data: Buffer) => {
      // Cheaper than parsing: the client must not be what is measured.
      if (data.includes('"type":"next"')) received += 1;
      else if (data.includes('"type":"complete"')) resolve();
      else if (data.includes('"type":"error"')) reject(new Error(data.toString()));
    });
    socket.on("close", () => reject(new Error("The server closed the socket")));
  });
  socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query } }));
  await done;
  const seconds = (performance.now() - start) / 1000;
  socket.terminate();
  return { received, seconds };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill();
  await once(child, "exit");
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
