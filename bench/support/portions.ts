/** Does something so many times, so many at a time. */
export async function inPortions<Result>(
  count: number,
  portion: number,
  start: (index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  while (results.length < count) {
    const from = results.length;
    const size = Math.min(portion, count - from);
    results.push(...(await Promise.all(Array.from({ length: size }, (_, i) => start(from + i)))));
  }
  return results;
}
