import type { EventStreamOptions } from "../../src/api/event-stream.ts";
import type { RunEvent } from "../../src/events/run-event.ts";

/** What a stream needs beside its pages: all types, no ticks, all progress. */
export const STREAM_OPTIONS: Omit<EventStreamOptions, "follow"> = {
  run: { id: "run-1", createdAt: new Date(0), workflow: "work" },
  typeNameOf,
  only: undefined,
  statusType: "RunStatusEvent",
  conflation: undefined,
  wantsTicks: false,
};

function typeNameOf(event: RunEvent): string {
  switch (event.kind) {
    case "written":
      return event.event === "progress" ? "ProgressEvent" : "CustomEvent";
    case "status":
      return "RunStatusEvent";
    case "node":
      return "NodeEvent";
    default:
      return "MessageChunk";
  }
}
