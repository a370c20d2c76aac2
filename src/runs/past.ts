import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import stringify from "safe-stable-stringify";
import type { EventLog } from "../events/event-log.ts";
import type { RunEvent } from "../events/run-event.ts";
import type { JsonValue } from "../json.ts";

const PAGE_LIMIT = 500;

/** What the log of a run that is taken over tells of its earlier executions. */
export interface Past {
  /** How long the last of them was seen at work, in milliseconds. */
  readonly lastAttemptMs: number;
  /** Whether the log has this update of this task: a task that ran to its end twice is told once. */
  hasUpdate(taskId: string, changes: JsonValue): boolean;
}

/** The past of a run that was not executed before. */
export const NO_PAST: Past = { lastAttemptMs: 0, hasUpdate: () => false };

/** Reads a run's log from its beginning, in pages. */
export async function readPast(log: EventLog, runId: string): Promise<Past> {
  const updates = new Set<string>();
  let startedAt = 0;
  let endedAt = 0;
  for (let after = 0; ; await setImmediate()) {
    const { events, lastSeq } = await log.read(runId, { after, limit: PAGE_LIMIT });
    for (const event of events) {
      if (isStart(event)) startedAt = event.createdAt;
      endedAt = event.createdAt;
      if (event.kind === "state" && event.taskId !== null) {
        updates.add(keyOf(event.taskId, event.changes));
      }
    }
    after = events.at(-1)?.seq ?? lastSeq;
    if (after >= lastSeq) break;
  }
  return {
    lastAttemptMs: Math.max(0, endedAt - startedAt),
    hasUpdate: (taskId, changes) => updates.has(keyOf(taskId, changes)),
  };
}

function isStart(event: RunEvent): boolean {
  return event.kind === "status" && event.status === "running";
}

function keyOf(taskId: string, changes: JsonValue): string {
  const hash = createHash("sha256").update(stringify(changes)).digest("base64url");
  return `${taskId} ${hash}`;
}
