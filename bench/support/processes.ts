import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Memory, Message, Question } from "./child.ts";
import { makeFolder, removeFolder } from "./folders.ts";

/** How long a process may take until it says that it is ready. */
const START_MS = 60_000;

/** How long it may take until it ends. */
const END_MS = 3_000;

/** How much of what a process wrote to stderr is kept, for the error. */
const KEPT_CHARACTERS = 2_000;

/** A process of its own. Dispose of it to end it. */
export interface Child extends AsyncDisposable {
  /** Ends it as the machine would: no notice, no tidying up. */
  readonly kill: () => Promise<void>;
  readonly pid: number;
  /** Sends a signal, whatever comes of it. */
  readonly signal: (name: NodeJS.Signals) => void;
  /** Where it serves. */
  readonly url: string;
  readonly memory: () => Promise<Memory>;
  /** Runs one of the commands that the child answers; rejects with what it throws, or when it ends. */
  readonly call: <Result = unknown>(command: string, argument?: unknown) => Promise<Result>;
}

const running = new Set<ChildProcess>();
let profiles: string | undefined;

/** Has all processes that start from now on write a CPU profile into this folder when they end. */
export function profileTo(folder: string): void {
  profiles = folder;
}

// Before the exit handler of their folders, so that they write nothing there any more.
process.prependOnceListener("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => process.exit(1));
}

/**
 * Starts `servers/<file>`, which is to call `answer`; so does `clients/crowd.ts`. Beside the options it is passed a `folder` for its
 * files, which is removed afterwards, unless the options name one.
 */
export async function startChild(file: string, options: object = {}): Promise<Child> {
  const folder = makeFolder();
  const path = fileURLToPath(new URL(`../servers/${file}`, import.meta.url));
  const child = fork(path, [JSON.stringify({ folder, ...options })], {
    execArgv: [
      "--expose-gc",
      ...(profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profiles}`]),
      `--import=${import.meta.resolve("tsx")}`,
    ],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  running.add(child);
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-KEPT_CHARACTERS);
  });
  const waiting = new Map<number, (message: Message) => void>();
  const ended = once(child, "exit").then(() => {
    running.delete(child);
    removeFolder(folder);
    for (const [id, settle] of waiting) settle({ id, error: `${file} ended. ${said}` });
    waiting.clear();
  });
  // It ends by itself when nobody is left to ask it, and then writes its profile.
  const stop = async (): Promise<void> => {
    if (child.connected) child.disconnect();
    const late = setTimeout(() => child.kill("SIGKILL"), END_MS);
    await ended;
    clearTimeout(late);
  };

  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
  const ready = new Promise<string>((resolve, reject) => {
    child.on("message", (message: Message) => {
      if ("url" in message) return resolve(message.url);
      waiting.get(message.id)?.(message);
      waiting.delete(message.id);
    });
    void ended.then(() => reject(new Error(`${file} did not start. ${said}`)));
  });
  const url = await ready.finally(() => clearTimeout(timer));

  let lastId = 0;
  const call = <Result>(command: string, argument?: unknown): Promise<Result> =>
    new Promise((resolve, reject) => {
      if (!child.connected) return reject(new Error(`${file} has ended. ${said}`));
      const id = ++lastId;
      waiting.set(id, (message) => {
        if ("result" in message) resolve(message.result as Result);
        else reject(new Error("error" in message ? message.error : "No answer"));
      });
      child.send({ id, command, argument } satisfies Question);
    });
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  return {
    url,
    pid: child.pid ?? 0,
    signal: (name) => void child.kill(name),
    call,
    memory: () => call<Memory>("memory"),
    kill,
    [Symbol.asyncDispose]: stop,
  };
}
