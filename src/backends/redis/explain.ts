import { ConfigError } from "../../errors.ts";

/** Why Redis cannot be used, and what to do. `place` is its address, without a password. */
export function explainOpening(cause: unknown, place: string): Error {
  if (cause instanceof ConfigError) return cause;
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

/** What went wrong with Redis in use, as a sentence. Errors of ours pass. */
export function explainFailure(cause: unknown): unknown {
  const problem = problemOf(cause);
  return problem === undefined ? cause : new Error(problem, { cause });
}

function problemOf(error: unknown): string | undefined {
  const text = textOf(error);
  if (/max retries per request/.test(text)) return "Redis has not answered for too long";
  if (text.startsWith("Connection is closed")) return "The connection to Redis is closed";
  if (/ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE/.test(text)) return `Redis is not reached: ${text}`;
  if (text.startsWith("OOM")) {
    return "Redis is out of memory: raise its maxmemory, or lower maxBytes and retentionMs";
  }
  if (text.startsWith("READONLY")) return "Redis has become a replica, and takes no writes";
  if (text.startsWith("LOADING")) return "Redis is still loading what it has stored";
  if (text.startsWith("MISCONF")) return "Redis cannot write to its disk, and takes no writes";
  if (/^(NOAUTH|WRONGPASS|NOPERM)/.test(text)) return `Redis does not permit it: ${text}`;
  if (/^(CLUSTERDOWN|MASTERDOWN|TRYAGAIN)/.test(text)) return `Redis is not available: ${text}`;
  return undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
