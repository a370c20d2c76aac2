import type { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import type { PostgresDatabase } from "./database.ts";
import type { Driver } from "./driver.ts";
import type { Fence } from "./fence.ts";
import { fencedSaver } from "./fenced-saver.ts";
import { inTurn } from "./migrate.ts";
import type { PgPoolLike } from "./pool.ts";
import { pruneCheckpoints } from "./prune-checkpoints.ts";
import { liveBytes } from "./stored-bytes.ts";

/** LangGraph's checkpoints in a schema of Postgres. */
export interface Checkpoints {
  /** For all who write without being fenced. */
  readonly saver: PostgresSaver;
  /** The saver of one execution: it keeps nothing more, and rejects, once `fence` does. */
  fenced(fence: Fence): PostgresSaver;
  /** What {@link Backend.pruneCheckpoints} promises. */
  prune(threadId: string, keep: number): Promise<void>;
  /** How many bytes they take, roughly. */
  storedBytes(): Promise<number>;
}

/** Makes LangGraph's tables if they are not there. Several processes may do so at a time. */
export async function openCheckpoints({
  driver,
  pool,
  db,
  schema,
}: {
  readonly driver: Driver;
  readonly pool: PgPoolLike;
  /** The same pool and schema, for what LangGraph's saver does not do. */
  readonly db: PostgresDatabase;
  readonly schema: string;
}): Promise<Checkpoints> {
  const saverWith = (fence: Fence | undefined) =>
    fencedSaver({ Saver: driver.PostgresSaver, pool, schema, fence });
  const saver = saverWith(undefined);
  // It asks for a connection of its own meanwhile.
  await inTurn(pool, schema, () => saver.setup());
  return {
    saver,
    fenced: saverWith,
    prune: (threadId, keep) => pruneCheckpoints(db, threadId, keep),
    storedBytes: () => liveBytes(db, CHECKPOINT_TABLES),
  };
}

const CHECKPOINT_TABLES = [
  { name: "checkpoints", bytesOfRow: "pg_column_size(checkpoint) + pg_column_size(metadata)" },
  { name: "checkpoint_blobs", bytesOfRow: "coalesce(octet_length(blob), 0)" },
  { name: "checkpoint_writes", bytesOfRow: "octet_length(blob)" },
];
