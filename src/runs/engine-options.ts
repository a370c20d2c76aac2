import type { Backend } from "../backend.ts";
import { ConfigError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { Telemetry } from "../telemetry.ts";
import type { Workflows } from "../workflows/workflow.ts";

/** Bounds of the engine. All are positive whole numbers. */
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

/** `setTimeout` takes no more (24.8 days); it would fire at once. */
const MAX_LIMIT: Partial<EngineLimits> = { runTimeoutMs: 2 ** 31 - 1 };

/** The limits given, and the defaults of the others. Throws `ConfigError` on one that is no limit. */
export function withDefaults(given: {
  readonly [Name in keyof EngineLimits]?: EngineLimits[Name] | undefined;
}): EngineLimits {
  const names = Object.keys(DEFAULT_LIMITS) as (keyof EngineLimits)[];
  const limits = names.map((name) => [name, given[name] ?? DEFAULT_LIMITS[name]] as const);
  for (const [name, limit] of limits) {
    const most = MAX_LIMIT[name] ?? Number.MAX_SAFE_INTEGER;
    if (Number.isInteger(limit) && limit >= 1 && limit <= most) continue;
    throw new ConfigError(`limits.${name} must be a whole number from 1 to ${most}, not ${limit}`);
  }
  return Object.fromEntries(limits) as unknown as EngineLimits;
}

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
  readonly limits: EngineLimits;
  readonly exposeErrors: boolean;
  /** How long graphs may take to come to their next step when the engine stops, in milliseconds. */
  readonly drainMs: number;
  readonly logger: Logger;
  /** @default nobody counts */
  readonly telemetry?: Telemetry | undefined;
  readonly clock?: (() => Date) | undefined;
}
