import type { Backend } from "../../../src/backend.ts";
import type { RunEvent } from "../../../src/events/run-event.ts";
import { Tails } from "../../../src/events/tail.ts";
import { newRun, queued, statusChanged, writtenBatch } from "../../../src/testing/index.ts";
import { HeldReads } from "./held-reads.ts";
import { HeldWakeups } from "./held-wakeups.ts";
import { Reader, type ReaderOptions } from "./reader.ts";

/** A run in a backend, and those who follow it in one process: nothing comes before the test lets it. */
export class WatchedRun {
  readonly id: string;
  readonly reads: HeldReads;
  readonly wakeups = new HeldWakeups();
  readonly tails: Tails;
  readonly readers: Reader[] = [];
  oldestSeq = 1;
  lastSeq = 1;
  isEnded = false;
  readonly #backend: Backend;

  constructor(backend: Backend, id: string) {
    this.#backend = backend;
    this.id = id;
    this.reads = new HeldReads(backend.events);
    this.tails = new Tails(this.wakeups, this.reads.log);
  }

  /** It has one event then. */
  async create(): Promise<void> {
    await this.#backend.runs.create(newRun({ id: this.id }), queued());
  }

  async append(count: number): Promise<void> {
    if (!this.isEnded) await this.#append(writtenBatch(this.lastSeq, count, 0));
  }

  /** Two more events, and the run has ended. */
  async finish(): Promise<void> {
    if (this.isEnded) return;
    const running = statusChanged(this.lastSeq + 1, "running", 0);
    const succeeded = statusChanged(this.lastSeq + 2, "succeeded", 0);
    this.isEnded = true;
    await this.#append([running, succeeded], { status: "succeeded" });
  }

  /** Forgets all but the newest `keep` events. */
  async trim(keep: number): Promise<void> {
    const before = this.lastSeq - keep + 1;
    this.oldestSeq = Math.max(this.oldestSeq, before);
    await this.#backend.events.trim(this.id, before);
  }

  join(options: Omit<ReaderOptions, "tails" | "runId"> = {}): Reader {
    const reader = new Reader({ tails: this.tails, runId: this.id, ...options });
    this.readers.push(reader);
    return reader;
  }

  async #append(events: readonly RunEvent[], patch?: { readonly status: "succeeded" }) {
    await this.#backend.events.append(this.id, events, { after: this.lastSeq, epoch: 0, patch });
    this.lastSeq += events.length;
    this.wakeups.notify(this.id);
  }
}
