import { ConfigError } from "./errors.ts";

/** `setTimeout` takes no more (24.8 days); it would fire at once. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** What a limit that is off is, unless it is a time. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/** Limits as users give them: plain data, so that a file can say it. `false` switches one off. */
export type LimitOptions<Limits> = {
  readonly [Name in keyof Limits]?: number | false | undefined;
};

/**
 * The limits given, and the defaults of the others; one that is off is as high as it can be. Throws
 * `ConfigError` on one that is no limit.
 */
export function withDefaults<Limits extends { readonly [Name in keyof Limits]: number }>(
  defaults: Limits,
  given: LimitOptions<Limits>,
): Limits {
  const known = Object.keys(defaults) as (keyof Limits & string)[];
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(defaults, name)) continue;
    throw new ConfigError(`limits.${name} is no limit; there are: ${known.join(", ")}`);
  }
  const limits = known.map((name) => [name, read(name, given[name] ?? defaults[name])] as const);
  return Object.fromEntries(limits) as Limits;
}

function read(name: string, limit: number | false): number {
  const most = name.endsWith("Ms") ? MAX_TIMEOUT_MS : NO_LIMIT;
  if (limit === false) return most;
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit;
  throw new ConfigError(
    `limits.${name} must be a whole number from 1 to ${most}, or false for no limit, not ${limit}`,
  );
}
