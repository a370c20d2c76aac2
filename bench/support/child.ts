import { setTimeout } from "node:timers/promises";
import { openGate } from "./gates.ts";

/** What a child says of itself. Sizes are bytes. */
export interface Memory {
  readonly rss: number;
  /** In use by JavaScript, and by the buffers that it holds. */
  readonly heap: number;
}

/** What every child answers, beside its own commands. */
const COMMANDS: Commands = {
  memory,
  cpuMicros: () => process.cpuUsage().user + process.cpuUsage().system,
  /** Since it started. */
  mostResident: () => process.resourceUsage().maxRSS * 1_024,
  openGate,
  watchHeap,
  mostHeap,
};

type Commands = Readonly<Record<string, (argument: never) => unknown>>;

export interface Question {
  readonly id: number;
  readonly command: string;
  readonly argument: unknown;
}

export type Message =
  | { readonly url: string }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

// Nobody is left to stop this process, however the parent ended.
process.once("disconnect", () => process.exit());
if (process.connected === false) process.exit();

/** What the parent passed along. */
export function optionsOfChild<Options>(): Options {
  return JSON.parse(process.argv[2] ?? "{}") as Options;
}

/** Tells the parent that this process is ready, and answers its commands from now on. */
export function answer(url: string, commands: Commands = {}): void {
  const all = { ...COMMANDS, ...commands };
  process.on("message", ({ id, command, argument }: Question) => {
    void (async () => {
      try {
        if (!(command in all)) throw new Error(`There is no command ${command}`);
        // `undefined` would not arrive.
        send({ id, result: (await all[command]?.(argument as never)) ?? null });
      } catch (error) {
        send({ id, error: String(error) });
      }
    })();
  });
  send({ url });
}

function send(message: Message): void {
  if (process.connected) process.send?.(message);
}

async function memory(): Promise<Memory> {
  // More than once: what finalisers and closed handles let go of is garbage only afterwards.
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await setTimeout(20);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}

/** Without an argument: to Node 20 any object means the young generation alone. */
function collectGarbage(): void {
  if (!globalThis.gc) throw new Error("It takes --expose-gc");
  globalThis.gc();
}

/** What a single collection leaves. */
function heapNow(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** How often the heap is looked at while it is watched: each look takes as long as a collection. */
const LOOK_MS = 200;

let watching: NodeJS.Timeout | undefined;
let looks: number[] = [];

/** Collects garbage at intervals and looks at what is left. */
function watchHeap(): void {
  looks = [];
  watching = setInterval(() => looks.push(heapNow()), LOOK_MS);
}

/** The most that was left since `watchHeap`. */
function mostHeap(): number {
  clearInterval(watching);
  if (looks.length === 0) throw new Error("It was over before anybody looked");
  return Math.max(...looks);
}
