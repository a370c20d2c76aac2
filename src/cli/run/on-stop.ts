/** Ctrl-C or `SIGTERM`: `first` of them, and those that come `again`. Returns how to stop listening. */
export function onStop(first: () => void, again: () => void): () => void {
  let count = 0;
  const stop = (): void => {
    count += 1;
    if (count === 1) first();
    else again();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return () => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  };
}
