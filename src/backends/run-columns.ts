import type { Run } from "../runs/run.ts";

/** What a column of a relational database stores. Times are in milliseconds since 1970. */
export type Stored = string | number | null;

interface Column {
  readonly name: string;
  /** JSON can be large: it stands beside the row that every append rewrites. */
  readonly table: "runs" | "run_values";
  write(value: unknown): Stored;
  read(stored: Stored): unknown;
}

/** Each field of a run, and the column it is kept in. */
const COLUMNS: { readonly [Name in keyof Run]: Column } = {
  id: plain("id"),
  workflow: plain("workflow"),
  workflowVersion: plain("workflow_version"),
  threadId: plain("thread_id"),
  viewer: plain("viewer"),
  input: json("input"),
  context: json("context"),
  inputHash: plain("input_hash"),
  status: plain("status"),
  epoch: plain("epoch"),
  segment: json("segment"),
  recoveries: json("recoveries"),
  activeMs: plain("active_ms"),
  lastSeq: plain("last_seq"),
  output: json("output"),
  error: json("error"),
  interrupts: json("interrupts"),
  cancelRequested: flag("cancel_requested"),
  timeoutMs: plain("timeout_ms"),
  createdAt: date("created_at"),
  startedAt: date("started_at"),
  finishedAt: date("finished_at"),
  owner: plain("owner"),
  leaseUntil: date("lease_until"),
};

const FIELDS = Object.entries(COLUMNS);

/** The names of all columns, of both tables, for whole runs: give the rows to {@link readRun}. */
export const RUN_COLUMNS: string = FIELDS.map(([, { name }]) => name).join(", ");

export function readRun(row: Readonly<Record<string, Stored>>): Run {
  const run: Record<string, unknown> = {};
  for (const [field, { name, read }] of FIELDS) run[field] = read(row[name] ?? null);
  return run as unknown as Run;
}

/** The columns of one table that hold those fields which `values` has, and what goes into them. */
export function columnsOf(
  table: Column["table"],
  values: Partial<Run>,
): { readonly names: readonly string[]; readonly values: Stored[] } {
  const given = FIELDS.filter(([field, column]) => column.table === table && field in values);
  return {
    names: given.map(([, { name }]) => name),
    values: given.map(([field, { write }]) => write(values[field as keyof Run])),
  };
}

function plain(name: string): Column {
  return { name, table: "runs", write: (value) => value as Stored, read: (stored) => stored };
}

function flag(name: string): Column {
  return {
    name,
    table: "runs",
    write: (value) => (value === true ? 1 : 0),
    read: (stored) => stored === 1,
  };
}

function date(name: string): Column {
  return {
    name,
    table: "runs",
    write: (value) => (value instanceof Date ? value.getTime() : null),
    read: (stored) => (stored === null ? null : new Date(Number(stored))),
  };
}

function json(name: string): Column {
  return {
    name,
    table: "run_values",
    write: (value) => JSON.stringify(value),
    read: (stored) => JSON.parse(String(stored)),
  };
}
