import { InMemoryStore, MemorySaver } from "@langchain/langgraph";
import type { Backend } from "../../backend.ts";
import { LocalThreadLocks } from "../local-thread-locks.ts";
import { LocalWakeups } from "../local-wakeups.ts";
import { retentionOf } from "../retention.ts";
import { checkpointBytes, pruneCheckpoints } from "./checkpoints.ts";
import { Entries } from "./entries.ts";
import { MemoryEventLog } from "./event-log.ts";
import { MemoryRunStore } from "./run-store.ts";

/** How {@link memory} keeps things. */
export interface MemoryOptions {
  /**
   * How long ended runs are kept, in milliseconds from their end; `Infinity` for ever.
   * @default 3_600_000 (1 h)
   */
  readonly retentionMs?: number | undefined;
  /**
   * How many bytes events and checkpoints may take, roughly; beyond, the logs of the runs that ended
   * first are emptied. `Infinity` for any number.
   * @default 268_435_456 (256 MiB)
   */
  readonly maxBytes?: number | undefined;
  /**
   * How many checkpoints of a thread are kept, its newest; `Infinity` for all.
   * @default 100
   */
  readonly maxCheckpoints?: number | undefined;
  /**
   * Whether graphs that were compiled without a checkpointer get one, LangGraph's `MemorySaver`.
   * @default true
   */
  readonly checkpoints?: boolean | undefined;
  /**
   * What leases and ends of runs are measured by.
   * @default the system's clock
   */
  readonly clock?: (() => Date) | undefined;
}

const DEFAULTS = {
  retentionMs: 3_600_000, // 1 h
  maxBytes: 2 ** 28, // 256 MiB
  maxCheckpoints: 100,
};

/** Keeps everything in this process, and loses it with it: for tests, and for embedding. */
export function memory(options: MemoryOptions = {}): Backend {
  const { checkpoints = true, clock = () => new Date() } = options;
  const retention = retentionOf("memory", options, DEFAULTS);
  const entries = new Entries();
  const checkpointer = checkpoints ? new MemorySaver() : undefined;
  return {
    runs: new MemoryRunStore(entries, clock),
    events: new MemoryEventLog(entries, clock),
    wakeups: new LocalWakeups(),
    checkpointer,
    store: new InMemoryStore(),
    isDurable: false,
    isShared: false,
    retention,
    threadLocks: new LocalThreadLocks(),
    ping: async () => {},
    storedBytes: async () =>
      entries.eventBytes + (checkpointer ? checkpointBytes(checkpointer) : 0),
    async pruneCheckpoints(threadId, keep) {
      if (checkpointer) pruneCheckpoints(checkpointer, threadId, keep);
    },
    async [Symbol.asyncDispose]() {
      // There is nothing to close.
    },
  };
}
