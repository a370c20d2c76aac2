/** Does not wait for a graph that goes on in spite of the abort: nobody hears it any more. */
export function unlessAborted<T>(signal: AbortSignal, outcome: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    outcome.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
