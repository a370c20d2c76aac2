import type { Access } from "../access/access.ts";
import type { Backend } from "../backend.ts";
import type { Logger } from "../logger.ts";
import type { Redact } from "./redactor.ts";
import type { Telemetry } from "../telemetry.ts";
import type { Workflows } from "../workflows/workflow.ts";

/** Bounds of what runs may do. All are positive whole numbers; one that is off is as high as it can be. */
export interface EngineLimits {
  /** Events that one run may record; a run that writes more fails with `EVENT_LIMIT`. @default 100_000 */
  readonly maxEventsPerRun: number;
  /** Bytes of JSON that one run may record; the same. @default 268_435_456 (256 MiB) */
  readonly maxBytesPerRun: number;
  /**
   * Bytes of JSON of one event that a node writes; of a larger one a `CustomEvent` without payload is
   * recorded. A message is cut to as many. @default 65_536 (64 KiB)
   */
  readonly maxEventBytes: number;
  /**
   * Bytes of JSON of the changes of one step; of those that do not fit only the keys are recorded.
   * @default 262_144 (256 KiB)
   */
  readonly maxStateBytes: number;
  /** Milliseconds that a run may take, and the most that a client may ask for. @default 900_000 (15 min) */
  readonly runTimeoutMs: number;
  /** Runs that this process executes at a time; more wait as `QUEUED`. @default 100 */
  readonly maxConcurrentRuns: number;
  /** Runs of one viewer that are executed at a time, in all processes; more wait as `QUEUED`. @default 5 */
  readonly maxConcurrentRunsPerViewer: number;
  /** Runs of one viewer that wait; one more is refused. Those that wait for answers do not count. @default 50 */
  readonly maxQueuedRunsPerViewer: number;
  /** New runs of one viewer in a minute, in this process. @default 60 */
  readonly maxStartsPerMinutePerViewer: number;
}

export const DEFAULT_LIMITS: EngineLimits = {
  maxEventsPerRun: 100_000,
  maxBytesPerRun: 256 * 1024 * 1024,
  maxEventBytes: 64 * 1024,
  maxStateBytes: 256 * 1024,
  runTimeoutMs: 15 * 60 * 1000,
  maxConcurrentRuns: 100,
  maxConcurrentRunsPerViewer: 5,
  maxQueuedRunsPerViewer: 50,
  maxStartsPerMinutePerViewer: 60,
};

/**
 * What a process does where several share a backend: a `gateway` serves clients and executes nothing, a
 * `worker` executes runs, whoever started them.
 */
export type Role = "gateway" | "worker" | "both";

/** What an engine is made of. */
export interface EngineOptions {
  readonly workflows: Workflows;
  readonly backend: Backend;
  /** @default "both" */
  readonly role?: Role | undefined;
  readonly access: Access;
  readonly limits: EngineLimits;
  readonly exposeErrors: boolean;
  /** How long graphs may take to come to their next step when the engine stops, in milliseconds. */
  readonly drainMs: number;
  /** Takes out of values what their viewers are not to see. @default nothing */
  readonly redact?: Redact | undefined;
  readonly logger: Logger;
  /** @default nobody counts */
  readonly telemetry?: Telemetry | undefined;
  readonly clock?: (() => Date) | undefined;
}
