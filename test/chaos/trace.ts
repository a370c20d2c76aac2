import { readFile } from "node:fs/promises";

/** A node did something. */
interface Step {
  readonly runId: string;
  readonly attempt: number;
  readonly pid: number;
  /** In milliseconds since 1970, by the clock that all processes of this machine share. */
  readonly at: number;
}

/**
 * How long a process may need to learn that a run is not its own any more, in milliseconds: until it
 * renews its leases, once a second, on a machine that has other things to do.
 */
const NOTICE_MS = 3_000;

/**
 * What nodes did under one attempt after the next had begun, and after their process had had the time
 * to notice: nothing, unless something is wrong. `thaws` tells when processes were set going again.
 */
export async function stepsOfFenced(
  file: string,
  thaws: readonly { readonly pid: number; readonly at: number }[],
): Promise<readonly string[]> {
  const lines = (await readFile(file, "utf8")).split("\n").filter(Boolean);
  const newest = new Map<string, { readonly attempt: number; readonly since: number }>();
  return lines.flatMap((line) => {
    const { runId, attempt, pid, at } = JSON.parse(line) as Step;
    const head = newest.get(runId);
    if (!head || attempt > head.attempt) newest.set(runId, { attempt, since: at });
    if (!head || attempt >= head.attempt) return [];
    const wakings = thaws.filter((thaw) => thaw.pid === pid && thaw.at <= at);
    const couldNotice = Math.max(head.since, ...wakings.map((thaw) => thaw.at));
    const late = at - couldNotice;
    return late > NOTICE_MS
      ? [`attempt ${attempt} of ${runId} goes on in ${pid}, ${late} ms after it could have known`]
      : [];
  });
}
