import type { Telemetry } from "../telemetry.ts";
import { WatcherCounts } from "./watcher-counts.ts";
import { WorkflowCounts } from "./workflow-counts.ts";

/** What has happened in a service, as plain numbers: whoever asks for them makes metrics of them. */
export class Counts implements Telemetry {
  readonly byWorkflow = new Map<string, WorkflowCounts>();
  readonly byTransport = new Map<string, WatcherCounts>();
  /** By reason. */
  readonly drops = new Map<string, number>();
  replays = 0;
  maskedErrors = 0;

  workflow(name: string): WorkflowCounts {
    const counts = this.byWorkflow.get(name) ?? new WorkflowCounts();
    this.byWorkflow.set(name, counts);
    return counts;
  }

  watchers(transport: string): WatcherCounts {
    const counts = this.byTransport.get(transport) ?? new WatcherCounts();
    this.byTransport.set(transport, counts);
    return counts;
  }

  replayed(): void {
    this.replays += 1;
  }

  dropped(reason: string): void {
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + 1);
  }

  errorMasked(): void {
    this.maskedErrors += 1;
  }
}
