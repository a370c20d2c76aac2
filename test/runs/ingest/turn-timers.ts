import { vi } from "vitest";

/**
 * Makes `setTimeout` count turns of the event loop, one for a millisecond, until
 * `vi.unstubAllGlobals()`: LangGraph waits between retries, and a race between real timers would
 * not end the same way twice.
 */
export function stubTimersByTurns(): void {
  vi.stubGlobal("setTimeout", (callback: () => void, turns = 1) => {
    const wait = (left: number): unknown =>
      setImmediate(() => (left > 1 ? wait(left - 1) : callback()));
    wait(turns);
  });
}
