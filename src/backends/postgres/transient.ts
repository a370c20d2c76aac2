import { setTimeout } from "node:timers/promises";

/** How long a call goes on trying, in milliseconds, and the pause before its second try. */
const PATIENCE_MS = 2_000;
const FIRST_PAUSE_MS = 25;

/** SQLSTATEs, whole or their class: connections that broke, a server that stops or is full, conflicts. */
const TRANSIENT = /^(08|57P0[1-5]|40001|40P01|53300|25P0[234])/;

/** How Node.js names that a connection cannot be made, or has broken. */
const NETWORK =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;

/** What `pg` says in such cases, without a code. */
const MESSAGES =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Query read timeout|timeout expired/;

/** Whether the same call may well succeed a moment later: the server restarts, a connection broke. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  if (TRANSIENT.test(code) || NETWORK.test(code) || MESSAGES.test(error.message)) return true;
  if (error instanceof AggregateError) return error.errors.some(isTransient);
  return error.cause !== undefined && isTransient(error.cause);
}

/**
 * Does it again, with growing pauses and for two seconds, as long as it fails with what `canRepeat`
 * says may pass. To be used where doing it twice does no harm.
 */
export async function persistently<T>(
  attempt: () => Promise<T>,
  canRepeat: (error: unknown) => boolean = isTransient,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
    try {
      return await attempt();
    } catch (error) {
      if (!canRepeat(error) || performance.now() + pauseMs > deadline) throw error;
    }
    // Not all at once, when a server comes back.
    await setTimeout(pauseMs * (0.5 + Math.random()));
  }
}
