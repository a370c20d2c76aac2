import { formatDuration } from "./duration.ts";
import { nodeLabel } from "./node-label.ts";
import { formatCount, formatPercent } from "./progress-text.ts";
import type { Reporter } from "./reporter.ts";
import type { EventFields, RunEvent } from "./run-event.ts";
import { fit, oneLine, widthOf } from "./terminal-text.ts";
import { describeWritten } from "./view.ts";

/** Longer names move what is behind them. */
const LABEL_WIDTH = 16;
const KIND_WIDTH = 11;

/** One line an event, for logs and pipes: no colour, and no movement of a cursor. */
export function createPlainLines(
  write: (text: string) => void,
  readEvent: (fields: EventFields) => RunEvent,
  runCreatedAt: number | undefined,
): Reporter {
  let startedAt = runCreatedAt;
  return {
    event(fields) {
      const event = readEvent(fields);
      startedAt ??= Date.parse(event.createdAt);
      write(`${plainLine(event, startedAt)}\n`);
    },
    note: (text) => write(`${text}\n`),
    end: ({ text }) => write(`${text}\n`),
  };
}

/** `   0.5 s  work              progress   2/3  67%  Processing b` */
export function plainLine(event: RunEvent, startedAt: number): string {
  const seconds = ((Date.parse(event.createdAt) - startedAt) / 1_000).toFixed(1);
  const label = nodeLabel(event);
  const [kind, ...texts] = describe(event);
  return [
    `${seconds.padStart(6)} s`,
    widthOf(label) > LABEL_WIDTH ? label : fit(label, LABEL_WIDTH),
    fit(kind, KIND_WIDTH),
    ...texts.map(oneLine),
  ]
    .filter((text) => text !== "")
    .join("  ")
    .trimEnd();
}

function describe(event: RunEvent): readonly [kind: string, ...texts: readonly string[]] {
  switch (event.kind) {
    case "progress":
      return ["progress", formatCount(event), formatPercent(event), event.status ?? ""];
    case "complete":
      return ["complete", event.message ?? ""];
    case "custom":
    case "declared":
      return [event.kind === "custom" ? "custom" : "event", describeWritten(event)];
    case "state":
      return ["changed", event.changedKeys.join(", ")];
    case "message":
      return ["token", JSON.stringify(event.content)];
    case "node": {
      const duration = event.durationMs === null ? "" : `in ${formatDuration(event.durationMs)}`;
      if (event.phase === "FAILED") return ["failed", `${duration}: ${event.error?.message ?? ""}`];
      return [event.phase.toLowerCase(), duration];
    }
    case "status":
      return [event.runStatus.toLowerCase(), describeStatus(event)];
  }
}

function describeStatus(event: Extract<RunEvent, { kind: "status" }>): string {
  if (event.error) return event.error.message;
  if (event.runStatus === "QUEUED") return event.runId;
  return event.interrupts.map(({ id, value }) => `${id} ${JSON.stringify(value)}`).join("  ");
}
