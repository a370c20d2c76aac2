import type { RunEvent } from "../../events/run-event.ts";
import { jsonSize } from "../../json.ts";
import { isFinal, type Run } from "../../runs/run.ts";
import type { Thread } from "../../runs/thread.ts";
import {
  BY_CREATION,
  BY_END,
  type Entry,
  newThreadEntry,
  type ThreadEntry,
  THREADS_BY_CREATION,
} from "./entry.ts";
import { Leases } from "./leases.ts";
import { Timeline } from "./timeline.ts";

/** What the run store and the event log share: all runs, and the orders in which they are asked for. */
export class Entries {
  readonly #byId = new Map<string, Entry>();
  readonly #threadsById = new Map<string, ThreadEntry>();
  readonly threads = new Timeline(THREADS_BY_CREATION);
  /** All. */
  readonly created = new Timeline(BY_CREATION);
  /** Those whose status is `queued`, held or not. */
  readonly queued = new Timeline(BY_CREATION);
  /** Those that have not ended. */
  readonly open = new Timeline(BY_CREATION);
  /** Those that have ended: what retention looks at. */
  readonly ended = new Timeline(BY_END);
  /** Queued and running ones that nobody holds. */
  readonly #waiting = new Timeline(BY_CREATION);
  /** Those that somebody holds. */
  readonly leases = new Leases();

  #eventBytes = 0;

  /** What all stored events take, roughly. */
  get eventBytes(): number {
    return this.#eventBytes;
  }

  get(runId: string): Entry | undefined {
    return this.#byId.get(runId);
  }

  thread(threadId: string): ThreadEntry | undefined {
    return this.#threadsById.get(threadId);
  }

  isActive(entry: Entry): boolean {
    return this.#threadsById.get(entry.run.threadId)?.open.first === entry;
  }

  /**
   * Queued and running ones that nobody holds, or whose lease has run out, and interrupted ones whose
   * lease has run out and that are to be cancelled, oldest first.
   */
  free(now: number): Iterable<Entry> {
    const isFree = ({ run }: Entry) => run.status !== "interrupted" || run.cancelRequested;
    const expired = this.leases.expired(now).filter(isFree);
    const waiting = this.#waiting.oldestFirst();
    if (expired.length === 0) return waiting;
    return new Timeline(BY_CREATION, [...waiting, ...expired]).oldestFirst();
  }

  addThread(thread: Thread): void {
    const entry = newThreadEntry(thread);
    this.#threadsById.set(thread.id, entry);
    this.threads.add(entry);
  }

  removeThread(entry: ThreadEntry): void {
    this.#threadsById.delete(entry.thread.id);
    this.threads.remove(entry);
  }

  /** Its thread must be there. */
  add(entry: Entry): void {
    this.#byId.set(entry.run.id, entry);
    const thread = this.#threadsById.get(entry.run.threadId);
    for (const shelf of [thread?.runs, this.created, ...this.#shelves(entry.run)])
      shelf?.add(entry);
  }

  replace(entry: Entry, run: Run): void {
    if (entry.run.status === run.status && entry.run.leaseUntil === run.leaseUntil) {
      entry.run = run;
      return;
    }
    const before = this.#shelves(entry.run);
    const after = this.#shelves(run);
    for (const shelf of before) if (!after.includes(shelf)) shelf.remove(entry);
    entry.run = run;
    for (const shelf of after) {
      if (!before.includes(shelf) || shelf === this.leases) shelf.add(entry);
    }
  }

  remove(entry: Entry): void {
    this.removeEvents(entry, Infinity);
    this.#byId.delete(entry.run.id);
    const thread = this.#threadsById.get(entry.run.threadId);
    for (const shelf of [thread?.runs, this.created, ...this.#shelves(entry.run)]) {
      shelf?.remove(entry);
    }
  }

  addEvents(entry: Entry, events: readonly RunEvent[]): void {
    // A loop, since the arguments of `push(...events)` must fit on the stack.
    for (const event of events) {
      entry.events.push(event);
      this.#eventBytes += sizeOf(event);
    }
  }

  /** The oldest `count` of a run, or all. */
  removeEvents(entry: Entry, count: number): void {
    for (const event of entry.events.splice(0, count)) this.#eventBytes -= sizeOf(event);
  }

  /** Where a run stands as long as it is in its present status and held or not. */
  #shelves(run: Run): readonly (Timeline<Entry> | Leases)[] {
    if (isFinal(run.status)) return [this.ended];
    const ofThread = this.#threadsById.get(run.threadId)?.open;
    const shelves: (Timeline<Entry> | Leases)[] = ofThread ? [this.open, ofThread] : [this.open];
    if (run.status === "queued") shelves.push(this.queued);
    if (run.leaseUntil !== null) shelves.push(this.leases);
    else if (run.status !== "interrupted") shelves.push(this.#waiting);
    return shelves;
  }
}

/** Events are immutable: one takes as much when it goes as when it came. */
function sizeOf(event: RunEvent): number {
  switch (event.kind) {
    case "written":
      return EVENT_BYTES + jsonSize(event.payload) + (event.data ? jsonSize(event.data) : 0);
    case "state":
      return EVENT_BYTES + jsonSize(event.changes);
    case "message":
      return EVENT_BYTES + event.content.length + jsonSize(event.message);
    case "node":
      return EVENT_BYTES;
    case "status":
      return EVENT_BYTES + jsonSize(event.output ?? null);
  }
}

/** What an event takes beside its content, roughly. */
const EVENT_BYTES = 200;
