import type { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import type Sqlite from "better-sqlite3";
import { ConfigError } from "../../errors.ts";

/** The two packages that only this backend needs. */
export interface Driver {
  readonly Database: typeof Sqlite;
  readonly SqliteSaver: typeof SqliteSaver;
}

/** Loads what may not be installed. */
export async function loadDriver(): Promise<Driver> {
  try {
    const [{ default: Database }, { SqliteSaver: Saver }] = await Promise.all([
      import("better-sqlite3"),
      import("@langchain/langgraph-checkpoint-sqlite"),
    ]);
    return { Database, SqliteSaver: Saver };
  } catch (cause) {
    throw new ConfigError(
      "sqlite() needs two packages that could not be loaded: " +
        "npm install better-sqlite3 @langchain/langgraph-checkpoint-sqlite",
      { cause },
    );
  }
}
