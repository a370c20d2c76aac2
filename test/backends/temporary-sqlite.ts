import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend } from "../../src/backend.ts";
import { sqlite, type SqliteOptions } from "../../src/backends/sqlite/index.ts";

/** A directory that is removed with all that is in it. */
export interface TemporaryDirectory extends AsyncDisposable {
  /** The path of something in it. */
  path(name: string): string;
}

export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const directory = await mkdtemp(join(tmpdir(), "langgraph-graphql-"));
  return {
    path: (name) => join(directory, name),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

/** A SQLite backend whose file is removed when it is disposed of. */
export async function temporarySqlite(options: Partial<SqliteOptions> = {}): Promise<Backend> {
  const directory = await temporaryDirectory();
  const backend = await sqlite({ path: directory.path("runs.db"), ...options });
  return {
    ...backend,
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}
