import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const COMMAND =
  "langgraph-graphql serve --config ../../src/demo/langgraph.json --port 0 --memory --log-level warn " +
  "--trusted-documents src/gql/persisted-documents.json";

/** The demo, on a server that executes the documents of this example and no others. */
export async function serveTrusted(): Promise<{ url: string; stop: () => Promise<void> }> {
  const [command = "", ...args] = COMMAND.split(" ");
  const server = spawn(`node_modules/.bin/${command}`, args, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(server, "exit");
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /WebSocket +(\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    const stop = async (): Promise<void> => {
      server.kill();
      await ended;
    };
    return { url, stop };
  }
  throw new Error("The server ended without saying where it serves");
}
