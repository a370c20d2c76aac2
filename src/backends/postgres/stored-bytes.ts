import type { Statements } from "./database.ts";

/** A table, and how many bytes there are in a row of it, in SQL. */
export interface Measured {
  readonly name: string;
  readonly bytesOfRow: string;
}

/** So many pages of a table are looked at, of 8 KiB: the error is a few percent. */
const MAX_PAGES = 1_000;

/** What a row takes beside its bytes: its head, its place in the page and in indexes, roughly. */
const ROW_BYTES = 100;

/**
 * How many bytes the rows of these tables have, roughly, from a sample of their pages. The size of
 * their files would not do: what was deleted leaves room in them, which is used again and not given
 * back. The size of what stands beside a table, as large values do, is known without reading it.
 */
export async function liveBytes(db: Statements, tables: readonly Measured[]): Promise<number> {
  const sizes = await Promise.all(tables.map((table) => bytesOf(db, table)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function bytesOf(db: Statements, { name, bytesOfRow }: Measured): Promise<number> {
  const table = await db.get<{ readonly pages: number }>(
    `SELECT pg_relation_size(tableoid) / current_setting('block_size')::bigint AS pages
     FROM @.${name} LIMIT 1`,
  );
  const share = Math.min(1, MAX_PAGES / Math.max(1, table?.pages ?? 0));
  const sample = await db.get<{ readonly bytes: number }>(
    `SELECT coalesce(sum(${bytesOfRow} + ${ROW_BYTES}), 0) AS bytes
     FROM @.${name} TABLESAMPLE SYSTEM ($1)`,
    100 * share,
  );
  return Math.round((sample?.bytes ?? 0) / share);
}
