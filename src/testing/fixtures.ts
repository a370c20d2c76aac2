import {
  type EventBody,
  type Interrupt,
  RUN_ORIGIN,
  type RunEvent,
  type RunStatus,
} from "../events/run-event.ts";
import type { JsonValue } from "../json.ts";
import type { Run } from "../runs/run.ts";
import type { Thread } from "../runs/thread.ts";

/** A run as it is before it is stored: queued, on a thread of its own, to be given with {@link queued}. */
export function newRun(given: Partial<Run> = {}): Run {
  const id = given.id ?? "run-1";
  return {
    id,
    workflow: "report",
    workflowVersion: "1",
    threadId: id,
    viewer: null,
    input: { topic: "whales" },
    context: null,
    inputHash: "hash-1",
    status: "queued",
    epoch: 0,
    segment: { kind: "input", answers: {}, fromCheckpointId: null },
    recoveries: { count: 0, checkpointId: null },
    activeMs: 0,
    lastSeq: 1,
    output: null,
    error: null,
    interrupts: [],
    cancelRequested: false,
    timeoutMs: 60_000,
    createdAt: at(0),
    startedAt: null,
    finishedAt: null,
    owner: null,
    leaseUntil: null,
    ...given,
  };
}

/** A thread without runs, as a client would name it. */
export function newThread(given: Partial<Thread> = {}): Thread {
  return {
    id: "thread-1",
    viewer: null,
    workflow: "report",
    isNamed: true,
    createdAt: at(0),
    updatedAt: at(0),
    ...given,
  };
}

/** A moment that many seconds into the first day of 2026. */
export function at(seconds: number): Date {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
}

/** What a node wrote. */
export function written(seq: number, payload: JsonValue, attempt = 1): RunEvent {
  return {
    seq,
    createdAt: at(seq).getTime(),
    attempt,
    node: "research",
    taskId: "task-1",
    step: 1,
    namespace: [],
    nodeAttempt: 1,
    kind: "written",
    event: null,
    payload,
  };
}

/** As many events as wanted, numbered `after + 1`, `after + 2`, …, each with its seq as its payload. */
export function writtenBatch(after: number, count: number, attempt = 1): RunEvent[] {
  return Array.from({ length: count }, (_, i) => written(after + 1 + i, after + 1 + i, attempt));
}

/** The run said that its status changed. */
export function statusChanged(seq: number, status: RunStatus, attempt = 1): RunEvent {
  return {
    seq,
    createdAt: at(seq).getTime(),
    attempt,
    ...RUN_ORIGIN,
    kind: "status",
    status,
  };
}

/** The first event of every run. */
export function queued(): RunEvent {
  return statusChanged(1, "queued", 0);
}

/** A question put by a subgraph. */
export const INTERRUPT: Interrupt = {
  id: "interrupt-1",
  value: { question: "Go on?" },
  namespace: ["sub:1"],
};

/** What is easily mangled on the way to a database and back. */
export const ODD_VALUES: JsonValue[] = [
  null,
  false,
  0,
  "",
  [],
  {},
  [[], {}, [null]],
  -1.5e-300,
  2 ** 53 - 1,
  1e300,
  "\u0000 \u0001 \u2028 \ud83d\udc0b \\ \" ' ` $1 %s",
  "null",
  // What a payload was that ended within a surrogate pair.
  "\ud83d",
  { "": 1, "a.b": 2, $where: 3, constructor: 4, 10: 5, 2: 6 },
  JSON.parse('{ "__proto__": { "polluted": true } }'),
  { deep: { deep: { deep: { deep: ["x", { y: null }] } } } },
  "x".repeat(300_000),
];

/** One event of each kind, and of each shape it can have. */
export function eventsOfEveryKind(after: number): RunEvent[] {
  const origin = {
    createdAt: 1_767_225_600_123,
    attempt: 1,
    node: "summarise",
    taskId: "6a7f",
    step: 3,
    namespace: ["sub:1", "inner:2"],
    nodeAttempt: 2,
  };
  const bodies: readonly EventBody[] = [
    { kind: "written", event: "progress", payload: { type: "progress", current: 1 } },
    {
      kind: "written",
      event: null,
      payload: { type: "citation" },
      data: { url: "https://example.org" },
      problems: [{ path: ["url"], message: "Required" }],
    },
    { kind: "state", changes: { pages: [1, 2] } },
    { kind: "message", messageId: "m-1", content: "Hel", message: { type: "ai", content: "Hel" } },
    { kind: "node", phase: "started" },
    { kind: "node", phase: "failed", durationMs: 1.25, error: { code: "X", message: "y" } },
    { kind: "status", status: "interrupted", interrupts: [INTERRUPT] },
    { kind: "status", status: "succeeded", output: null },
  ];
  return bodies.map((body, i) => ({ seq: after + 1 + i, ...origin, ...body }));
}
