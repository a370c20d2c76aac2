import type { WorkflowTelemetry } from "../telemetry.ts";

/** What runs of one workflow have done in this process, as plain numbers. */
export class WorkflowCounts implements WorkflowTelemetry {
  events = 0;
  recoveries = 0;
  /** How often a run has come to each status. */
  readonly statuses = new Map<string, number>();

  appended(events: number, statuses: readonly string[]): void {
    this.events += events;
    for (const status of statuses) {
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    }
  }

  recovered(): void {
    this.recoveries += 1;
  }
}
