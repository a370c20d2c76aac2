import type { Stored } from "../run-columns.ts";

/** Conditions of a list that is read in pages, newest first, to which others may be added. */
export interface Conditions {
  readonly conditions: string[];
  readonly values: Stored[];
}

/** Those that come after `after`; none if it does not exist, all if it is not given. */
export function keyset(table: "runs" | "threads", after: string | undefined): Conditions {
  if (after === undefined) return { conditions: ["TRUE"], values: [] };
  return {
    conditions: [`(created_at, id) < (SELECT created_at, id FROM ${table} WHERE id = ?)`],
    values: [after],
  };
}
