import { ConfigError } from "./errors.ts";
import { meant } from "./nearest.ts";

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
  const wrong = wrongLimit(Object.keys(defaults), given);
  if (wrong) throw new ConfigError(`limits.${wrong.name} ${wrong.problem}`);
  const limits = Object.entries<number>(defaults).map(([name, byDefault]) => {
    const limit = given[name as keyof Limits] ?? byDefault;
    return [name, limit === false ? mostOf(name) : limit] as const;
  });
  return Object.fromEntries(limits) as Limits;
}

/** The first of some limits that is none of `known`, or has a value that it cannot have. */
export function wrongLimit(
  known: readonly string[],
  given: Readonly<Record<string, unknown>>,
): { readonly name: string; readonly problem: string } | undefined {
  for (const [name, limit] of Object.entries(given)) {
    const problem = known.includes(name)
      ? problemOfValue(name, limit)
      : `is no limit${meant(name, known)}`;
    if (problem !== undefined) return { name, problem };
  }
  return undefined;
}

function problemOfValue(name: string, limit: unknown): string | undefined {
  if (limit === undefined || limit === false) return undefined;
  const most = mostOf(name);
  if (typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= most) {
    return undefined;
  }
  const shown = typeof limit === "number" ? String(limit) : JSON.stringify(limit);
  return `must be a whole number from 1 to ${most}, or false for no limit, not ${shown}`;
}

function mostOf(name: string): number {
  return name.endsWith("Ms") ? MAX_TIMEOUT_MS : NO_LIMIT;
}
