import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import type { Database } from "better-sqlite3";
import { ConfigError } from "../../errors.ts";
import { loadDriver, type Driver } from "./driver.ts";
import { explainOpening } from "./explain.ts";
import { lock } from "./lock.ts";
import { migrate } from "./migrate.ts";

/** After which the write-ahead log is cut back to this, in bytes, once it has been moved into the file. */
const JOURNAL_SIZE_LIMIT = 16 * 2 ** 20; // 16 MiB

/** An open file that no other process has open. */
export interface OpenFile {
  readonly path: string;
  readonly connection: Database;
  readonly saver: SqliteSaver;
  /** May be called twice. */
  close(): void;
}

/** Opens a file, or makes one with its directories. Throws a {@link ConfigError} that says what to do. */
export async function openFile(
  givenPath: string,
  synchronous: "normal" | "full",
): Promise<OpenFile> {
  if (givenPath === "" || givenPath.startsWith(":")) {
    throw new ConfigError(
      `sqlite({ path: ${JSON.stringify(givenPath)} }): give the path of a file, or use memory()`,
    );
  }
  const path = resolve(givenPath);
  const driver = await loadDriver();
  const opened: Database[] = [];
  try {
    await mkdir(dirname(path), { recursive: true });
    if ((await stat(path).catch(() => undefined))?.isDirectory()) {
      throw new ConfigError(`${path} is a directory: give the path of a file`);
    }
    opened.push(lock(driver.Database, path));
    const connection = new driver.Database(path);
    opened.unshift(connection);
    prepareConnection(connection, synchronous);
    migrate(connection, path);
    const saver = await prepareSaver(driver, connection);
    return { path, connection, saver, close: () => close(opened) };
  } catch (error) {
    for (const connection of opened) connection.close();
    throw explainOpening(error, path);
  }
}

function prepareConnection(connection: Database, synchronous: "normal" | "full"): void {
  // Only as long as there are no tables: a file that was made without it cannot shrink.
  connection.pragma("auto_vacuum = INCREMENTAL");
  connection.pragma("journal_mode = WAL");
  connection.pragma(`synchronous = ${synchronous}`);
  connection.pragma(`journal_size_limit = ${JOURNAL_SIZE_LIMIT}`);
}

async function prepareSaver(
  { SqliteSaver: Saver }: Driver,
  connection: Database,
): Promise<SqliteSaver> {
  const saver = new Saver(connection);
  // It makes its tables when it is first asked for something that is not a deletion.
  await saver.getTuple({ configurable: { thread_id: "", checkpoint_ns: "" } });
  return saver;
}

/** The data first, its lock last. */
function close([connection, held]: readonly Database[]): void {
  try {
    if (!connection?.open) return;
    // Readers of other programs may keep it from being emptied: not worth waiting for.
    connection.pragma("busy_timeout = 0");
    connection.pragma("wal_checkpoint(TRUNCATE)");
  } finally {
    connection?.close();
    held?.close();
  }
}
