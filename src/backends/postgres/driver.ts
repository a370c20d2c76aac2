import type { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import type pg from "pg";
import { ConfigError } from "../../errors.ts";

/** The two packages that only backends with Postgres need. */
export interface Driver {
  readonly Pool: typeof pg.Pool;
  readonly PostgresSaver: typeof PostgresSaver;
}

/** Loads what may not be installed. `backend` is the function that was called. */
export async function loadDriver(backend: string): Promise<Driver> {
  try {
    const [{ default: driver }, { PostgresSaver: Saver }] = await Promise.all([
      import("pg"),
      import("@langchain/langgraph-checkpoint-postgres"),
    ]);
    return { Pool: driver.Pool, PostgresSaver: Saver };
  } catch (cause) {
    throw new ConfigError(
      `${backend}() needs two packages that could not be loaded: ` +
        "npm install pg @langchain/langgraph-checkpoint-postgres",
      { cause },
    );
  }
}
