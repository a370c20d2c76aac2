import type { Wakeups } from "./wakeups.ts";

/** How long other processes may take to say that somebody follows a run there. */
const ANSWER_MS = 1_000;

/**
 * Tells whether anybody follows a run, in whatever process. A wake-up carries nothing, so that question
 * and answer have a topic each.
 */
export class Presence {
  readonly #wakeups: Wakeups;
  readonly #isFollowedHere: (runId: string) => boolean;

  constructor(wakeups: Wakeups, isFollowedHere: (runId: string) => boolean) {
    this.#wakeups = wakeups;
    this.#isFollowedHere = isFollowedHere;
  }

  /** Answers others that ask about the run. The function that it resolves with ends that. */
  answer(runId: string): Promise<() => void> {
    return this.#wakeups.subscribe(questionOf(runId), () => {
      if (this.#isFollowedHere(runId)) this.#wakeups.notify(answerOf(runId));
    });
  }

  /** Asks. A process that is cut off, or slower than a second, does not count. */
  async isFollowed(runId: string): Promise<boolean> {
    if (this.#isFollowedHere(runId)) return true;
    let unsubscribe = (): void => {};
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<boolean>((resolve, reject) => {
        this.#wakeups
          .subscribe(answerOf(runId), () => resolve(true))
          .then((done) => {
            unsubscribe = done;
            this.#wakeups.notify(questionOf(runId));
            timer = setTimeout(() => resolve(false), ANSWER_MS).unref();
          })
          .catch(reject);
      });
    } finally {
      clearTimeout(timer);
      unsubscribe();
    }
  }
}

function questionOf(runId: string): string {
  return `#who-follows:${runId}`;
}

function answerOf(runId: string): string {
  return `#is-followed:${runId}`;
}
