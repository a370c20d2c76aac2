const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 15_000;

/** How long to wait before a connection is tried again, after so many attempts in vain. */
export function retryDelayMs(retries: number): number {
  const most = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** retries);
  // At least half of it, so that a server in trouble is not asked at once.
  return most * (0.5 + Math.random() / 2);
}

/** Resolves after `ms`, or as soon as `signal` is aborted. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", settle);
      resolve();
    };
    const timer = setTimeout(settle, ms);
    signal?.addEventListener("abort", settle);
  });
}
