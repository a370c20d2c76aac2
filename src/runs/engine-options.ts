import type { Backend } from "../backend.ts";
import type { Logger } from "../logger.ts";
import type { Workflows } from "../workflows/workflow.ts";

/** Bounds of the engine. All are positive. */
export interface EngineLimits {
  /** Events that one run may record. @default 1_000_000 */
  readonly maxEventsPerRun: number;
  /** Bytes of JSON that one run may record. @default 268_435_456 (256 MiB) */
  readonly maxBytesPerRun: number;
  /** Milliseconds that a run may take, and the most that a client may ask for. @default 3_600_000 (1 h) */
  readonly runTimeoutMs: number;
  /** Runs that this process executes at a time; more wait as `QUEUED`. @default 100 */
  readonly maxConcurrentRuns: number;
}

export const DEFAULT_LIMITS: EngineLimits = {
  maxEventsPerRun: 1_000_000,
  maxBytesPerRun: 256 * 1024 * 1024,
  runTimeoutMs: 60 * 60 * 1000,
  maxConcurrentRuns: 100,
};

/** What an engine is made of. */
export interface EngineOptions {
  readonly workflows: Workflows;
  readonly backend: Backend;
  readonly limits: EngineLimits;
  readonly exposeErrors: boolean;
  readonly logger: Logger;
  readonly clock?: (() => Date) | undefined;
}
