import type { RunEvent } from "../events/run-event.ts";
import type { StreamItem } from "./event-stream.ts";

/**
 * Thins out the progress of one subscription: of the `ProgressEvent`s of a task that come faster
 * than `maxRate` a second, only the newest is sent. What is held back is sent before anything that
 * comes after it, so order is kept, and nothing but progress that was overtaken is left out.
 */
export class Conflation {
  readonly #intervalMs: number;
  /** Task → its newest progress, in the order of seq. */
  readonly #held = new Map<string, StreamItem>();
  #sentAt = Number.NEGATIVE_INFINITY;

  /** `maxRate` is positive. */
  constructor(maxRate: number) {
    this.#intervalMs = 1000 / maxRate;
  }

  /** When what is held is to be sent, in the time that `add` is given; `undefined` if nothing is. */
  get dueAt(): number | undefined {
    return this.#held.size === 0 ? undefined : this.#sentAt + this.#intervalMs;
  }

  /** What is to be sent at `now`, in milliseconds, once `items` have come. */
  add(items: readonly StreamItem[], now: number): readonly StreamItem[] {
    const sent: StreamItem[] = [];
    for (const item of items) {
      const task = taskOfProgress(item);
      if (task === undefined) {
        for (const held of this.flush(now)) sent.push(held);
        sent.push(item);
      } else {
        // At the end, where its seq belongs.
        this.#held.delete(task);
        this.#held.set(task, item);
      }
    }
    return now >= this.#sentAt + this.#intervalMs ? [...sent, ...this.flush(now)] : sent;
  }

  /** All that is held: because it is due, or nothing will replace it. */
  flush(now: number): readonly StreamItem[] {
    if (this.#held.size === 0) return [];
    const held = [...this.#held.values()];
    this.#held.clear();
    this.#sentAt = now;
    return held;
  }
}

function taskOfProgress({ kind, event }: StreamItem): string | undefined {
  return kind === "event" && isProgress(event)
    ? JSON.stringify([event.namespace, event.node, event.taskId])
    : undefined;
}

function isProgress(event: RunEvent): boolean {
  return event.kind === "written" && event.event === "progress";
}
