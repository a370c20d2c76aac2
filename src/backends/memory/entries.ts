import { isFinal, type Run } from "../../runs/run.ts";
import type { Entry } from "./entry.ts";
import { Leases } from "./leases.ts";
import { Timeline } from "./timeline.ts";

/** What the run store and the event log share: all runs, and the orders in which they are asked for. */
export class Entries {
  readonly #byId = new Map<string, Entry>();
  /** The runs that have not ended, by thread. */
  readonly #byThread = new Map<string, Entry>();
  /** The runs of each thread; all are one viewer's. */
  readonly #threads = new Map<string, Set<Entry>>();
  /** All. */
  readonly created = new Timeline((run) => run.createdAt);
  /** Queued and running ones that nobody holds. */
  readonly #waiting = new Timeline((run) => run.createdAt);
  /** Queued and running ones that somebody holds. */
  readonly #held = new Leases();
  /** Those that wait for an answer, perhaps for days. */
  readonly #interrupted = new Timeline((run) => run.createdAt);
  /** Those that have ended, in the order of their end: what retention looks at. */
  readonly ended = new Timeline((run) => run.finishedAt);

  get(runId: string): Entry | undefined {
    return this.#byId.get(runId);
  }

  /** The run of that thread that has not ended. */
  active(threadId: string): Entry | undefined {
    return this.#byThread.get(threadId);
  }

  /** A run of that thread, if there is any. */
  anyOf(threadId: string): Entry | undefined {
    const [entry] = this.#threads.get(threadId) ?? [];
    return entry;
  }

  /** Queued and running ones that nobody holds, or whose lease has run out, oldest first. */
  free(now: number): Iterable<Entry> {
    const expired = this.#held.expired(now);
    const waiting = this.#waiting.oldestFirst();
    if (expired.length === 0) return waiting;
    return new Timeline((run) => run.createdAt, [...waiting, ...expired]).oldestFirst();
  }

  add(entry: Entry): void {
    const { id, status, threadId } = entry.run;
    this.#byId.set(id, entry);
    const siblings = this.#threads.get(threadId);
    if (siblings) siblings.add(entry);
    else this.#threads.set(threadId, new Set([entry]));
    this.created.add(entry);
    this.#shelf(entry.run).add(entry);
    if (!isFinal(status)) this.#byThread.set(threadId, entry);
  }

  replace(entry: Entry, run: Run): void {
    const from = this.#shelf(entry.run);
    const to = this.#shelf(run);
    if (from !== to) from.remove(entry);
    entry.run = run;
    if (from !== to || to === this.#held) to.add(entry);
    if (isFinal(run.status)) this.#byThread.delete(run.threadId);
  }

  remove(entry: Entry): void {
    const { id, status, threadId } = entry.run;
    this.#byId.delete(id);
    const siblings = this.#threads.get(threadId);
    siblings?.delete(entry);
    if (siblings?.size === 0) this.#threads.delete(threadId);
    this.created.remove(entry);
    this.#shelf(entry.run).remove(entry);
    if (!isFinal(status)) this.#byThread.delete(threadId);
  }

  #shelf(run: Run): Timeline | Leases {
    if (isFinal(run.status)) return this.ended;
    if (run.status === "interrupted") return this.#interrupted;
    return run.leaseUntil === null ? this.#waiting : this.#held;
  }
}
