import type { EventLog } from "../../../src/events/event-log.ts";
import { intercept } from "../../support/intercept.ts";

/** What becomes of a read: it finds what was there when it began, or what is there when it ends, or fails. */
export type ReadOutcome = "early" | "late" | "failed";

export const LOG_IS_DOWN = new Error("The log is down");

/** A log whose reads end when the test lets them, in any order. */
export class HeldReads {
  readonly log: EventLog;
  /** How many there have been. */
  count = 0;
  readonly #held: ((outcome: ReadOutcome) => void)[] = [];

  constructor(log: EventLog) {
    this.log = intercept(log, ["read"], (_name, read) => this.#hold(read));
  }

  /** How many wait to be let go on. */
  get waiting(): number {
    return this.#held.length;
  }

  /** Lets one of them go on, if any waits; `which` counts from the oldest, and around. */
  settle(outcome: ReadOutcome, which = 0): void {
    const [settle] = this.#held.splice(which % Math.max(1, this.#held.length), 1);
    settle?.(outcome);
  }

  #hold<T>(read: () => Promise<T>): Promise<T> {
    this.count += 1;
    const found = read();
    return new Promise((resolve, reject) => {
      this.#held.push((outcome) => {
        if (outcome === "failed") reject(LOG_IS_DOWN);
        else resolve(outcome === "early" ? found : read());
      });
    });
  }
}
