import type Sqlite from "better-sqlite3";
import type { Database } from "better-sqlite3";
import { ConfigError } from "../../errors.ts";

/**
 * Holds a file for this process as long as the connection that it returns is open. The operating
 * system lets go of it however the process ends. It is the lock of a second, empty file, so that
 * other programs can still read the first, for a backup.
 */
export function lock(SqliteDatabase: typeof Sqlite, path: string): Database {
  // No waiting: it would block the event loop, perhaps that of the holder.
  const connection = new SqliteDatabase(`${path}.lock`, { timeout: 0 });
  try {
    connection.exec("BEGIN EXCLUSIVE");
    return connection;
  } catch (cause) {
    connection.close();
    if (cause instanceof Error && "code" in cause && cause.code === "SQLITE_BUSY") {
      throw new ConfigError(
        `${path} is in use: stop the other process that serves from it, or choose another file`,
        { cause },
      );
    }
    throw cause;
  }
}
