import { BackendUnavailableError, ConfigError } from "../../errors.ts";
import { isTransient } from "./transient.ts";

/** Why the database cannot be used, and what to do. Errors of ours pass as they are. */
export function explainOpening(cause: unknown, place: string, schema: string): Error {
  if (cause instanceof ConfigError) return cause;
  const code = codeOf(cause);
  const config = (message: string) => new ConfigError(message, { cause });
  if (code === "ECONNREFUSED") {
    return config(`${place} refuses connections: start Postgres, or give another connectionString`);
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return config(`The host of ${place} is not known: give another connectionString`);
  }
  if (code.startsWith("28")) {
    return config(
      `${place} does not let this user in: mend the user and password of the connectionString`,
    );
  }
  if (code === "3D000") {
    return config(`${place} does not exist: CREATE DATABASE it, or name another one`);
  }
  if (code === "42501") {
    return config(
      `${place}: this user may not make or use the schema ${schema}: GRANT CREATE ON DATABASE, ` +
        "or make the schema and let this user own it",
    );
  }
  if (code === "53300") {
    return config(
      `${place} has no connection left: raise its max_connections, or lower maxConnections`,
    );
  }
  if (code === "57P03") return config(`${place} is still starting: try again in a moment`);
  return config(`${place} cannot be opened: ${messageOf(cause)}`);
}

/** Rejects with what went wrong with a database that is open, as a sentence. */
export function rethrowExplained(error: unknown): never {
  throw explainFailure(error);
}

/** Errors that are not Postgres's pass. */
function explainFailure(cause: unknown): unknown {
  const code = codeOf(cause);
  if (isTransient(cause)) return new BackendUnavailableError({ cause });
  if (code === "53100") return new Error("Postgres has no disk space left", { cause });
  if (code === "25006") return new Error("Postgres is read-only: it may be a standby", { cause });
  if (code === "57014") return new Error("Postgres took too long, and was stopped", { cause });
  if (code === "42P01" || code === "3F000") {
    return new Error("The tables of langgraph-graphql are gone from Postgres", { cause });
  }
  if (/^[0-9A-Z]{5}$/.test(code)) {
    return new Error(`Postgres failed (${code}): ${messageOf(cause)}`, { cause });
  }
  return cause;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function messageOf(error: unknown): string {
  // That of Node.js for several addresses is empty.
  const errors = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  return errors.map((e) => (e instanceof Error ? e.message : String(e))).join(", ");
}
