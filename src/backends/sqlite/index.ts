import type { Backend } from "../../backend.ts";
import { LocalThreadLocks } from "../local-thread-locks.ts";
import { LocalWakeups } from "../local-wakeups.ts";
import { retentionOf } from "../retention.ts";
import { pruneCheckpoints } from "./checkpoints.ts";
import { Claims } from "./claims.ts";
import { SqliteDatabase } from "./database.ts";
import { Eraser } from "./eraser.ts";
import { SqliteEventLog } from "./event-log.ts";
import { openFile } from "./open-file.ts";
import { SqliteRunStore } from "./run-store.ts";
import { SqliteStore } from "./store.ts";

/** Where {@link sqlite} keeps things, and how long. */
export interface SqliteOptions {
  /**
   * The file. It is made, with the directories above it, if it is not there. Beside it SQLite keeps
   * `<path>-wal` and `<path>-shm` as long as it is open; `<path>.lock`, which is empty, stays.
   */
  readonly path: string;
  /**
   * How long ended runs are kept, in milliseconds from their end; `Infinity` for ever.
   * @default 604_800_000 (7 days)
   */
  readonly retentionMs?: number | undefined;
  /**
   * How many bytes may be in use before the logs of the runs that ended first are emptied;
   * `Infinity` for any number. Space that is given up goes back to the file system.
   * @default 1_073_741_824 (1 GiB)
   */
  readonly maxBytes?: number | undefined;
  /**
   * How many checkpoints of a thread are kept, its newest; `Infinity` for all.
   * @default 100
   */
  readonly maxCheckpoints?: number | undefined;
  /**
   * When a write is safe. `normal`: once SQLite has handed it to the operating system, so that it
   * survives the end of the process, however it ends; the last moments before a power cut may be
   * lost. `full`: once it is on the disk, which every write then waits for.
   * @default "normal"
   */
  readonly synchronous?: "normal" | "full" | undefined;
  /**
   * What leases and ends of runs are measured by.
   * @default the system's clock
   */
  readonly clock?: (() => Date) | undefined;
}

const DEFAULTS = {
  retentionMs: 604_800_000, // 7 days
  maxBytes: 2 ** 30, // 1 GiB
  maxCheckpoints: 100,
};

/**
 * Keeps everything in one file: runs, threads, the queue, events, checkpoints and LangGraph's
 * long-term store. For one process at a time, which may be killed at any moment: unfinished runs are
 * free to be taken over as soon as the file is opened again.
 *
 * Needs the packages `better-sqlite3` and `@langchain/langgraph-checkpoint-sqlite`. Rejects with a
 * `ConfigError` that says what to do when they are missing, when another process has the file open,
 * when it cannot be read or written, is damaged, belongs to another program, or was written by a
 * newer version of this package.
 */
export async function sqlite(options: SqliteOptions): Promise<Backend> {
  const { synchronous = "normal", clock = () => new Date() } = options;
  const retention = retentionOf("sqlite", options, DEFAULTS);
  const file = await openFile(options.path, synchronous);
  const db = new SqliteDatabase(file.connection, file.path);
  const eraser = new Eraser(db);
  // Nobody else has the file open: whoever held them is gone.
  new Claims(db, clock).releaseAll();
  return {
    runs: new SqliteRunStore(db, eraser, clock),
    events: new SqliteEventLog(db, eraser, clock),
    wakeups: new LocalWakeups(),
    checkpointer: file.saver,
    store: new SqliteStore(db, clock),
    isDurable: true,
    isShared: false,
    retention,
    threadLocks: new LocalThreadLocks(),
    ping: async () => void db.get("SELECT 1"),
    storedBytes: async () => db.usedBytes,
    pruneCheckpoints: (threadId, keep) => pruneCheckpoints(db, threadId, keep),
    async [Symbol.asyncDispose]() {
      file.close();
    },
  };
}
