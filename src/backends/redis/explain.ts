import { BackendUnavailableError, ConfigError } from "../../errors.ts";

/** Why Redis cannot be used, and what to do. `place` is its address, without a password. */
export function explainOpening(error: unknown, place: string): Error {
  if (error instanceof ConfigError) return error;
  const cause = error instanceof BackendUnavailableError ? error.cause : error;
  const text = textOf(cause);
  if (/^(NOAUTH|WRONGPASS)|invalid username-password/.test(text)) {
    return new ConfigError(
      `Redis at ${place} wants another password: give it in the url, redis://user:password@host:6379`,
      { cause },
    );
  }
  if (text.startsWith("NOPERM")) {
    return new ConfigError(
      `Redis at ${place} does not permit this user what is needed: grant it all commands on keys and channels of the prefix (${text})`,
      { cause },
    );
  }
  if (text.startsWith("READONLY")) {
    return new ConfigError(`Redis at ${place} is a replica: give the address of its primary`, {
      cause,
    });
  }
  if (/ECONNREFUSED|ENOENT|Connection is closed/.test(text)) {
    return new ConfigError(`Nothing answers at ${place}: start Redis there, or correct the url`, {
      cause,
    });
  }
  if (/ENOTFOUND|EAI_AGAIN/.test(text)) {
    return new ConfigError(`The host of ${place} is not known: correct the url`, { cause });
  }
  return new ConfigError(`Redis at ${place} cannot be used: ${text}`, { cause });
}

/** What went wrong with Redis in use. Errors that are not Redis' pass. */
export function explainFailure(cause: unknown): unknown {
  const text = textOf(cause);
  if (TRANSIENT.test(text)) return new BackendUnavailableError({ cause });
  const problem = problemOf(text);
  return problem === undefined ? cause : new Error(problem, { cause });
}

/** It is away, starts, or hands over to another: what was asked for may be asked for again. */
const TRANSIENT =
  /max retries per request|ECONN|ETIMEDOUT|EPIPE|timed out|^Connection is closed|^(READONLY|LOADING|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|NOREPLICAS)\b/;

function problemOf(text: string): string | undefined {
  if (text.startsWith("OOM")) {
    return "Redis is out of memory: raise its maxmemory, or lower maxBytes and retentionMs";
  }
  if (text.startsWith("MISCONF")) return "Redis cannot write to its disk, and takes no writes";
  if (/^(NOAUTH|WRONGPASS|NOPERM)/.test(text)) return `Redis does not permit it: ${text}`;
  return undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
