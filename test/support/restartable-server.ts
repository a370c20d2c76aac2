import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { startCommandLine, type CommandLine } from "../cli/command-line.ts";

export interface RestartableServerOptions {
  /** The folder of the `langgraph.json`. */
  readonly folder: string;
  /** Where runs are kept. */
  readonly data: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The built `langgraph-graphql serve`, again and again on the same port and file. */
export interface RestartableServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/graphql` */
  readonly url: string;
  /** The one that runs, or ran last. */
  readonly current: CommandLine;
  /** Starts it, once the last one has ended. Resolves before it listens. */
  start(): void;
  /** Resolves when it listens. */
  ready(): Promise<void>;
  /** Ends it by a signal, and resolves with its exit code once it has ended; `null` if killed. */
  stop(signal: "SIGKILL" | "SIGTERM" | "SIGINT"): Promise<number | null>;
}

/** Starts the first of them, and resolves when it listens. */
export async function startRestartableServer({
  folder,
  data,
  args = [],
  env = {},
}: RestartableServerOptions): Promise<RestartableServer> {
  const port = await freePort();
  const spawn = (): CommandLine =>
    startCommandLine(
      ["serve", "--host", "127.0.0.1", "--port", String(port), "--data", data, ...args],
      folder,
      env,
    );
  let current = spawn();
  const server: RestartableServer = {
    url: `http://127.0.0.1:${port}/graphql`,
    get current() {
      return current;
    },
    start: () => void (current = spawn()),
    ready: async () => void (await current.url()),
    async stop(signal) {
      const ended = once(current.process, "close") as Promise<[number | null]>;
      current.process.kill(signal);
      const [code] = await ended;
      return code;
    },
    [Symbol.asyncDispose]: () => current[Symbol.asyncDispose](),
  };
  await server.ready();
  return server;
}

/** One that nothing listens on, so far as anybody can tell. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
