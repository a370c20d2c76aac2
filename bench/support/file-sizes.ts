import { stat } from "node:fs/promises";
import { join } from "node:path";
import { OURS_ON_SQLITE } from "../peers.ts";
import { makeFolder, removeFolder } from "./folders.ts";
import { startChild, type Child } from "./processes.ts";
import type { Measured, Sample } from "./question.ts";

export const MIB = 1_024 * 1_024;

/** What {@link watchSizes} measures. */
export const SIZE_METRICS = [
  { key: "file", label: "file, MiB" },
  { key: "log", label: "write-ahead log, MiB" },
  { key: "heap", label: "heap, MiB" },
  { key: "rss", label: "resident, MiB" },
];

/** Looks at what a server on SQLite takes, and names what it has seen. */
export type Look = (name: string) => Promise<void>;

/** What a server on SQLite takes, in memory and in its file, whenever `work` looks. */
export async function watchSizes(
  retentionMs: number,
  work: (child: Child, look: Look) => Promise<void>,
): Promise<Measured[]> {
  const folder = makeFolder();
  try {
    const options = { ...OURS_ON_SQLITE.options, folder, retentionMs };
    await using child = await startChild(OURS_ON_SQLITE.file, options);
    const measured: Measured[] = [];
    await work(child, async (name) => {
      measured.push({ name, samples: [await fileSizes(child, folder)] });
    });
    return measured;
  } finally {
    removeFolder(folder);
  }
}

/** In MiB. */
async function fileSizes(child: Child, folder: string): Promise<Sample> {
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
