import type { Database } from "better-sqlite3";
import { ConfigError } from "../../errors.ts";
import { init } from "./migrations/0001-init.ts";

/** In their order: the first takes a file from version 0 to 1. Never edited, only added to. */
const MIGRATIONS: readonly string[] = [init];

/** "LGql" in SQLite's header: tells our files from those of other programs. */
const APPLICATION_ID = 0x4c_47_71_6c;

/** Brings the tables up to this package's version, all at once or not at all. */
export function migrate(connection: Database, path: string): void {
  const version = Number(connection.pragma("user_version", { simple: true }));
  const applicationId = connection.pragma("application_id", { simple: true });
  if (applicationId !== APPLICATION_ID && (version > 0 || hasForeignTables(connection))) {
    throw new ConfigError(`${path} belongs to another program: choose another file`);
  }
  if (version > MIGRATIONS.length) {
    throw new ConfigError(
      `${path} was written by a newer langgraph-graphql (its version is ${version}, this one knows ` +
        `${MIGRATIONS.length}): update langgraph-graphql, or choose another file`,
    );
  }
  const pending = MIGRATIONS.slice(version);
  if (pending.length === 0) return;
  connection
    .transaction(() => {
      for (const sql of pending) connection.exec(sql);
      connection.pragma(`application_id = ${APPLICATION_ID}`);
      connection.pragma(`user_version = ${MIGRATIONS.length}`);
    })
    .exclusive();
}

/** Whether there are tables that LangGraph's own saver, whose file may be gone on with, does not make. */
function hasForeignTables(connection: Database): boolean {
  const foreign = connection.prepare(
    "SELECT 1 FROM sqlite_schema WHERE tbl_name NOT IN ('checkpoints', 'writes') LIMIT 1",
  );
  return foreign.get() !== undefined;
}
