import type { Question } from "./support/question.ts";

/** What can be asked: name on the command line → its file. */
export const QUESTIONS: Readonly<Record<string, () => Promise<{ question: Question }>>> = {
  throughput: () => import("./questions/throughput.ts"),
  "throughput-sse": () => import("./questions/throughput-sse.ts"),
  "fan-out": () => import("./questions/fan-out.ts"),
  latency: () => import("./questions/latency.ts"),
  "first-and-last": () => import("./questions/first-and-last.ts"),
  overhead: () => import("./questions/overhead.ts"),
  "idle-sockets": () => import("./questions/idle-sockets.ts"),
  "slow-readers": () => import("./questions/slow-readers.ts"),
  recovery: () => import("./questions/recovery.ts"),
  "recovery-elsewhere": () => import("./questions/recovery-elsewhere.ts"),
  replay: () => import("./questions/replay.ts"),
  fairness: () => import("./questions/fairness.ts"),
  steady: () => import("./questions/steady.ts"),
  retention: () => import("./questions/retention.ts"),
  "long-run": () => import("./questions/long-run.ts"),
  curves: () => import("./questions/curves.ts"),
};
