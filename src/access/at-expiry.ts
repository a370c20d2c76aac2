import { MAX_TIMEOUT_MS } from "../limits.ts";
import type { Caller } from "./caller.ts";

/**
 * Calls `end` once, when what the caller has shown is no longer good; never, where it always is.
 * Returns how to keep it from that.
 */
export function atExpiry(
  caller: Pick<Caller, "expiresAt"> | undefined,
  end: () => void,
): () => void {
  const { expiresAt } = caller ?? {};
  if (!expiresAt) return () => {};
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    const left = expiresAt.getTime() - Date.now();
    timer = left > 0 ? setTimeout(wait, Math.min(left, MAX_TIMEOUT_MS)).unref() : undefined;
    if (!timer) end();
  };
  wait();
  return () => clearTimeout(timer);
}
