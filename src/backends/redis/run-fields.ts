import type { Run } from "../../runs/run.ts";
import type { Thread } from "../../runs/thread.ts";

/** How a field is written into a hash, and read from it. */
interface Field {
  write(value: unknown): string;
  read(text: string): unknown;
}

/** Ids, and what scripts compare: as it is. */
const TEXT: Field = { write: String, read: (text) => text };

/** JSON escapes what text has no way to keep, such as halves of surrogate pairs. */
const JSON_TEXT: Field = {
  write: (value) => JSON.stringify(value),
  read: (text) => JSON.parse(text) as unknown,
};

/** In milliseconds since 1970. */
const DATE: Field = {
  write: (value) => (value instanceof Date ? String(value.getTime()) : "null"),
  read: (text) => (text === "null" ? null : new Date(Number(text))),
};

const RUN: { readonly [Name in keyof Run]: Field } = {
  id: TEXT,
  workflow: TEXT,
  workflowVersion: TEXT,
  threadId: TEXT,
  viewer: JSON_TEXT,
  input: JSON_TEXT,
  context: JSON_TEXT,
  inputHash: TEXT,
  status: TEXT,
  epoch: JSON_TEXT,
  segment: JSON_TEXT,
  recoveries: JSON_TEXT,
  activeMs: JSON_TEXT,
  lastSeq: JSON_TEXT,
  output: JSON_TEXT,
  error: JSON_TEXT,
  interrupts: JSON_TEXT,
  cancelRequested: JSON_TEXT,
  timeoutMs: JSON_TEXT,
  createdAt: DATE,
  startedAt: DATE,
  finishedAt: DATE,
  owner: JSON_TEXT,
  leaseUntil: DATE,
};

const THREAD: { readonly [Name in keyof Thread]: Field } = {
  id: TEXT,
  viewer: JSON_TEXT,
  workflow: TEXT,
  isNamed: JSON_TEXT,
  createdAt: DATE,
  updatedAt: DATE,
};

/** Field and value in turn, of those fields of a run that are given. */
export function runFields(run: Partial<Run>): string[] {
  return write(RUN, run);
}

/** Of what `HGETALL` answers; `undefined` of nothing. */
export function readRun(hash: readonly string[]): Run | undefined {
  return read(RUN, hash) as Run | undefined;
}

/** Of several of these. */
export function readRuns(hashes: unknown): readonly Run[] {
  return (hashes as string[][]).flatMap((hash) => readRun(hash) ?? []);
}

export function threadFields(thread: Thread): string[] {
  return write(THREAD, thread);
}

export function readThread(hash: readonly string[]): Thread | undefined {
  return read(THREAD, hash) as Thread | undefined;
}

/** How scripts name a viewer. */
export function viewerText(viewer: string | null): string {
  return JSON_TEXT.write(viewer);
}

function write(fields: Readonly<Record<string, Field>>, values: object): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const field = fields[name];
    return field && value !== undefined ? [name, field.write(value)] : [];
  });
}

function read(
  fields: Readonly<Record<string, Field>>,
  hash: readonly string[],
): Record<string, unknown> | undefined {
  if (hash.length === 0) return undefined;
  const values: Record<string, unknown> = {};
  for (let i = 0; i < hash.length; i += 2) {
    const [name = "", text = ""] = [hash[i], hash[i + 1]];
    // The others are the scripts' own.
    const field = fields[name];
    if (field) values[name] = field.read(text);
  }
  return values;
}
