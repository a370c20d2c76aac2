import type { ServeFlags } from "./serve-options.ts";

/**
 * Resolves on the first Ctrl-C or `SIGTERM`, having said what becomes of runs; the second ends the
 * process as if nobody had listened.
 */
export function untilStopped({ memory }: ServeFlags): Promise<void> {
  const fate = memory ? "runs are cancelled" : "runs that have not ended go on at the next start";
  return new Promise((resolve) => {
    const stop = (): void => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
      console.log(`Stopping: ${fate}; once more Ctrl-C to stop at once.`);
      resolve();
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });
}
