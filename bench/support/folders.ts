import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made = new Set<string>();
process.once("exit", () => made.forEach(removeFolder));

/** A folder that is removed when this process ends, if nobody does it before. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "langgraph-graphql-bench-"));
  made.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  made.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}
