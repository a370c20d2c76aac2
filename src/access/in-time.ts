import { AccessTimeoutError } from "../errors.ts";
import type { Logger } from "../logger.ts";

/** Asks a hook, and waits for its answer no longer than it may take; `hook` is its name, for the log. */
export type InTime = <Answer>(
  hook: "authenticate" | "authorize",
  ask: () => Answer | Promise<Answer>,
) => Promise<Answer>;

export interface InTimeOptions {
  /** See `AccessLimits`. */
  readonly accessTimeoutMs: number;
  readonly logger: Logger;
}

/**
 * Bounds what hooks may take, whatever transport a request came by. One that takes longer has refused, with
 * `AccessTimeoutError`; what comes of it later, or is thrown, goes into the log and nowhere else.
 */
export function createInTime({ accessTimeoutMs, logger }: InTimeOptions): InTime {
  return async (hook, ask) => {
    const answer = Promise.resolve(ask());
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        logger.warn({ hook, accessTimeoutMs }, "a hook takes too long: who asked is refused");
        answer.then(
          () => logger.warn({ hook }, "the hook has answered, too late"),
          (error: unknown) => logger.warn({ err: error, hook }, "the hook has failed, too late"),
        );
        reject(new AccessTimeoutError());
      }, accessTimeoutMs).unref();
    });
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** As long as it takes. */
export const IN_ANY_TIME: InTime = async (_hook, ask) => ask();
