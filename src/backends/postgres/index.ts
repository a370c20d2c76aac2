import type { Backend } from "../../backend.ts";
import { StaleWriterError } from "../../errors.ts";
import { LocalWakeups } from "../local-wakeups.ts";
import { retentionOf, type RetentionOptions } from "../retention.ts";
import { checkSchema } from "./check-schema.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { openCheckpoints } from "./checkpoints.ts";
import { inSchema, PostgresDatabase } from "./database.ts";
import { loadDriver } from "./driver.ts";
import { PostgresEventLog } from "./event-log.ts";
import { explainOpening } from "./explain.ts";
import type { Fence } from "./fence.ts";
import { Listener } from "./listener.ts";
import { migrate } from "./migrate.ts";
import { checkServer, openPool } from "./open-pool.ts";
import { PostgresRunStore } from "./run-store.ts";
import { liveBytes } from "./stored-bytes.ts";
import { PostgresStore } from "./store.ts";
import { PostgresThreadLocks } from "./thread-locks.ts";
import { PostgresWakeups } from "./wakeups.ts";

export type { PgClientLike, PgNotification, PgPoolLike, PgQuery, PgResult } from "./pool.ts";

/** Where {@link postgres} keeps things, and how long. */
export interface PostgresOptions extends ConnectionOptions, RetentionOptions {
  /**
   * The schema for all tables, LangGraph's among them. It is made if it is not there. Processes with
   * the same one share their runs.
   * @default "langgraph_graphql"
   */
  readonly schema?: string | undefined;
  /**
   * How long ended runs are kept, in milliseconds from their end; `Infinity` for ever.
   * @default 604_800_000 (7 days)
   */
  readonly retentionMs?: number | undefined;
  /**
   * How many bytes events and checkpoints may take, roughly, before the logs of the runs that ended
   * first are emptied; `Infinity` for any number. Postgres uses the space that is given up again.
   * @default Infinity
   */
  readonly maxBytes?: number | undefined;
  /**
   * How many checkpoints of a thread are kept, its newest; `Infinity` for all.
   * @default 100
   */
  readonly maxCheckpoints?: number | undefined;
}

const DEFAULTS = {
  retentionMs: 604_800_000, // 7 days
  maxBytes: Infinity,
  maxCheckpoints: 100,
};

/**
 * Keeps everything in one Postgres database, for any number of processes on any number of machines:
 * runs, threads, the queue, events, checkpoints and LangGraph's long-term store. Any of them may be
 * killed, cut off or stopped at any moment: another goes on with its runs. Leases go by the clock of
 * the database.
 *
 * Needs the packages `pg` and `@langchain/langgraph-checkpoint-postgres`, PostgreSQL 13 or newer, and
 * direct connections: a pooler that gives each transaction another one, such as PgBouncer in its
 * transaction mode, passes no notifications on. Rejects with a `ConfigError` that says what to do
 * when it cannot be used, or its tables were made by a newer version of this package.
 */
export async function postgres(options: PostgresOptions): Promise<Backend> {
  const { schema = "langgraph_graphql" } = options;
  const retention = retentionOf("postgres", options, DEFAULTS);
  checkSchema("postgres", schema);
  const driver = await loadDriver("postgres");
  const { pool, place, close } = openPool("postgres", options, driver);
  const db = new PostgresDatabase(pool, schema);
  const local = new LocalWakeups();
  const wakeups = new PostgresWakeups(db, schema, local);
  const threadLocks = new PostgresThreadLocks(db);
  let closing: Promise<void> | undefined;
  try {
    await checkServer(pool, place);
    await migrate(pool, place, schema);
    const checkpoints = await openCheckpoints({ driver, pool, db, schema });
    const listener = await Listener.open({
      pool,
      channel: schema,
      onMessage: (payload) => wakeups.receive(payload),
      onGap: () => local.notifyAll(),
    });
    return {
      runs: new PostgresRunStore(db),
      events: new PostgresEventLog(db),
      wakeups,
      checkpointer: checkpoints.saver,
      store: new PostgresStore(db),
      isDurable: true,
      isShared: true,
      retention,
      threadLocks,
      checkpointerFor: (run) => checkpoints.fenced(fenceOf(schema, run)),
      ping: async () => void (await db.get("SELECT 1")),
      storedBytes: async () =>
        (await liveBytes(db, OWN_TABLES)) + (await checkpoints.storedBytes()),
      pruneCheckpoints: (threadId, keep) => checkpoints.prune(threadId, keep),
      [Symbol.asyncDispose]: () =>
        (closing ??= (async () => {
          await wakeups[Symbol.asyncDispose]();
          threadLocks[Symbol.dispose]();
          await listener[Symbol.asyncDispose]();
          db.close();
          await close();
        })()),
    };
  } catch (error) {
    await close();
    throw explainOpening(error, place, schema);
  }
}

const OWN_TABLES = [{ name: "events", bytesOfRow: "octet_length(event)" }];

/** Keeps the run's epoch as it is until the end of the transaction: whoever takes it over waits. */
function fenceOf(
  schema: string,
  { id, epoch }: { readonly id: string; readonly epoch: number },
): Fence {
  const text = inSchema("SELECT FROM @.runs WHERE id = $1 AND epoch = $2 FOR SHARE", schema);
  return async (client) => {
    const { rowCount } = await client.query({ text, values: [id, epoch] });
    if (rowCount !== 1) throw new StaleWriterError(id, epoch);
  };
}
