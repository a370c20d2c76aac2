import type { Retention } from "../backend.ts";
import { ConfigError } from "../errors.ts";

/** How much of the past a backend keeps. `Infinity` in any of them keeps all. */
export interface RetentionOptions {
  /** How long ended runs are kept, in milliseconds from their end. */
  readonly retentionMs?: number | undefined;
  /** How many bytes may be stored before the logs of the runs that ended first are emptied. */
  readonly maxBytes?: number | undefined;
  /** How many checkpoints of a thread are kept, its newest. */
  readonly maxCheckpoints?: number | undefined;
}

/** Fills in what is not given; throws a {@link ConfigError} on what makes no sense. */
export function retentionOf(
  backend: string,
  options: RetentionOptions,
  defaults: { readonly [Name in keyof RetentionOptions]-?: number },
): Retention {
  const {
    retentionMs = defaults.retentionMs,
    maxBytes = defaults.maxBytes,
    maxCheckpoints = defaults.maxCheckpoints,
  } = options;
  if (!(retentionMs >= 0)) {
    throw new ConfigError(
      `${backend}({ retentionMs: ${retentionMs} }): give it in milliseconds, from 0`,
    );
  }
  if (!(maxBytes >= 0)) {
    throw new ConfigError(`${backend}({ maxBytes: ${maxBytes} }): give it in bytes, from 0`);
  }
  if (!(maxCheckpoints >= 1)) {
    throw new ConfigError(
      `${backend}({ maxCheckpoints: ${maxCheckpoints} }): give how many a thread keeps, from 1`,
    );
  }
  return { endedMs: retentionMs, bytes: maxBytes, checkpoints: maxCheckpoints };
}
