import { once } from "node:events";
import { startProxy, type TcpProxy } from "../cli/run/tcp-proxy.ts";
import { startCommandLine, type CommandLine } from "../cli/command-line.ts";
import { freePort } from "../support/restartable-server.ts";

/** One process of a deployment, and its way to the database. */
export interface Member extends AsyncDisposable {
  readonly name: string;
  readonly role: "gateway" | "worker";
  /** `http://127.0.0.1:<port>/graphql` */
  readonly url: string;
  readonly pid: number;
  /** Its connections to the database. */
  readonly engineLink: TcpProxy;
  /** What it has written, before it was started again as well. */
  readonly output: string;
  /** Starts it again, once it has ended. Resolves when it serves. */
  start(): Promise<void>;
  /** Ends it by a signal. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Has it stand still, as a machine does that is out of breath. */
  freeze(): void;
  thaw(): void;
}

export interface MemberOptions {
  readonly name: string;
  readonly role: "gateway" | "worker";
  /** The folder of the `langgraph.json`. */
  readonly folder: string;
  /** `127.0.0.1:<port>` of the database. */
  readonly enginePort: number;
  /** The options that say where runs are kept, for a database at that port. */
  readonly dataArgs: (port: number) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a process, and resolves when it serves. */
export async function startMember(options: MemberOptions): Promise<Member> {
  const { name, role, folder, enginePort, dataArgs, env } = options;
  const engineLink = await startProxy(`http://127.0.0.1:${enginePort}`);
  const data = dataArgs(Number(new URL(engineLink.url).port));
  const port = await freePort();
  const args = ["serve", "--role", role, "--host", "127.0.0.1", "--port", `${port}`, ...data];
  const before: string[] = [];
  let current: CommandLine;
  const start = async (): Promise<void> => {
    current = startCommandLine(args, folder, env);
    await current.says(/serves/);
  };
  await start();
  return {
    name,
    role,
    url: `http://127.0.0.1:${port}/graphql`,
    engineLink,
    get pid() {
      return current.process.pid ?? 0;
    },
    get output() {
      return [...before, current.output].join("\n");
    },
    start,
    async end(signal) {
      const ended = once(current.process, "close");
      current.process.kill(signal);
      await ended;
      before.push(current.output);
    },
    freeze: () => void current.process.kill("SIGSTOP"),
    thaw: () => void current.process.kill("SIGCONT"),
    async [Symbol.asyncDispose]() {
      current.process.kill("SIGCONT");
      await current[Symbol.asyncDispose]();
      await engineLink[Symbol.asyncDispose]();
    },
  };
}
