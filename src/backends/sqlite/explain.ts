import { ConfigError } from "../../errors.ts";

/** Why the file cannot be opened, and what to do. Errors of ours pass as they are. */
export function explainOpening(cause: unknown, path: string): Error {
  if (cause instanceof ConfigError) return cause;
  const code = codeOf(cause);
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    return new ConfigError(
      `${path} is damaged, or no SQLite database: restore a backup, move it away, or choose another file`,
      { cause },
    );
  }
  if (/^(SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|EACCES|EPERM|EROFS)/.test(code)) {
    return new ConfigError(
      `${path} cannot be written: let this user write to it and its directory, or choose another file`,
      { cause },
    );
  }
  if (code.startsWith("SQLITE_FULL") || code === "ENOSPC") {
    return new ConfigError(`${path} cannot be created: the disk is full`, { cause });
  }
  if (code.startsWith("SQLITE_BUSY")) {
    return new ConfigError(
      `${path} is locked by another program: stop it, or choose another file`,
      {
        cause,
      },
    );
  }
  if (code === "ERR_DLOPEN_FAILED" || /bindings file/.test(String(cause))) {
    return new ConfigError(
      `better-sqlite3 is not built for this Node.js (${process.version}): npm rebuild better-sqlite3`,
      { cause },
    );
  }
  return new ConfigError(`${path} cannot be opened: ${messageOf(cause)}`, { cause });
}

/** What went wrong with a file that is open, as a sentence. Errors that are not SQLite's pass. */
export function explainFailure(cause: unknown, path: string): unknown {
  const code = codeOf(cause);
  if (/connection is not open/.test(messageOf(cause))) {
    return new Error("The SQLite backend is closed", { cause });
  }
  if (!code.startsWith("SQLITE_")) return cause;
  return new Error(`${problemOf(code)}: ${path}`, { cause });
}

function problemOf(code: string): string {
  if (code.startsWith("SQLITE_FULL")) return "The disk is full, nothing more can be stored";
  if (code.startsWith("SQLITE_BUSY")) return "The database is locked by another program";
  if (code.startsWith("SQLITE_READONLY")) return "The database cannot be written to any more";
  if (code.startsWith("SQLITE_CORRUPT") || code.startsWith("SQLITE_NOTADB")) {
    return "The database is damaged, restore a backup or choose another file";
  }
  if (code.startsWith("SQLITE_IOERR")) return "The disk could not be read or written";
  return `The database failed (${code})`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
