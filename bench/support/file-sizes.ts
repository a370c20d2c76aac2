import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Child } from "./processes.ts";
import type { Sample } from "./question.ts";

export const MIB = 1_024 * 1_024;

/** What a server on SQLite takes, in memory and in its file, in MiB. */
export async function fileSizes(child: Child, folder: string): Promise<Sample> {
  const { heap, rss } = await child.memory();
  const size = async (name: string): Promise<number> => {
    const found = await stat(join(folder, name)).catch(() => undefined);
    return (found?.size ?? 0) / MIB;
  };
  return {
    file: await size("data.sqlite"),
    log: await size("data.sqlite-wal"),
    heap: heap / MIB,
    rss: rss / MIB,
  };
}
