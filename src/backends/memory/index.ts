import { MemorySaver } from "@langchain/langgraph";
import type { Backend } from "../../backend.ts";
import { ConfigError } from "../../errors.ts";
import { Entries } from "./entries.ts";
import { MemoryEventLog } from "./event-log.ts";
import { MemoryRunStore } from "./run-store.ts";
import { MemoryWakeups } from "./wakeups.ts";

/** How {@link memory} keeps things. */
export interface MemoryOptions {
  /**
   * How long ended runs are kept, in milliseconds from their end; `Infinity` for ever.
   * @default 3_600_000 (1 h)
   */
  readonly retentionMs?: number | undefined;
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

const DEFAULT_RETENTION_MS = 3_600_000; // 1 h

/** Keeps everything in this process, and loses it with it: for tests, and for embedding. */
export function memory(options: MemoryOptions = {}): Backend {
  const {
    retentionMs = DEFAULT_RETENTION_MS,
    checkpoints = true,
    clock = () => new Date(),
  } = options;
  if (!(retentionMs >= 0)) {
    throw new ConfigError(
      `memory({ retentionMs: ${retentionMs} }): give it in milliseconds, from 0`,
    );
  }
  const entries = new Entries();
  return {
    runs: new MemoryRunStore(entries, clock),
    events: new MemoryEventLog(entries, clock),
    wakeups: new MemoryWakeups(),
    checkpointer: checkpoints ? new MemorySaver() : undefined,
    retentionMs,
    async [Symbol.asyncDispose]() {
      // There is nothing to close.
    },
  };
}
