import type { AppendPlace, EventLog, EventPage, EventRange } from "../../events/event-log.ts";
import type { RunEvent } from "../../events/run-event.ts";
import { isFinal, type RunPatch } from "../../runs/run.ts";
import { applyBatch, type BatchChange, type LogHead } from "../apply-batch.ts";
import { HEAD_COLUMNS, type HeadRow, headOf } from "../log-head-row.ts";
import { columnsOf } from "../run-columns.ts";
import { IS_OPEN, lockThreadsOf, promote } from "./active-run.ts";
import { Appends, type PlainAppend } from "./appends.ts";
import type { PostgresDatabase, Statements, Value } from "./database.ts";
import { Reads } from "./reads.ts";

/** The logs, as rows by run and seq. */
export class PostgresEventLog implements EventLog<RunPatch> {
  readonly #db: PostgresDatabase;
  readonly #appends: Appends;
  readonly #reads: Reads;

  constructor(db: PostgresDatabase) {
    this.#db = db;
    this.#appends = new Appends(db);
    this.#reads = new Reads(db);
  }

  async append(
    runId: string,
    events: readonly RunEvent[],
    at: AppendPlace<RunPatch>,
  ): Promise<void> {
    if (isPlain(at) && (await this.#appendPlain(runId, events, at))) return;
    await this.#db.transact((statements) => append(statements, runId, events, at), {
      isRepeatable: true,
    });
  }

  read(runId: string, range: EventRange): Promise<EventPage> {
    return this.#reads.read({ runId, ...range });
  }

  async trim(runId: string, before: number): Promise<void> {
    await this.#db.run(
      `WITH trimmed AS (
         UPDATE @.runs SET
           oldest_seq = least($2::bigint, last_seq + 1), has_events = $2::bigint <= last_seq
         WHERE id = $1 AND oldest_seq < $2::bigint RETURNING run
       )
       DELETE FROM @.events USING trimmed WHERE events.run = trimmed.run AND seq < $2::bigint`,
      runId,
      before,
    );
  }

  /**
   * Without a transaction, if the run is as it is nearly always: this executor's, not ended, and at
   * `after`. Resolves with whether it was.
   */
  async #appendPlain(
    runId: string,
    events: readonly RunEvent[],
    { after, epoch }: AppendPlace<RunPatch>,
  ): Promise<boolean> {
    if (events.length === 0) return this.#isAt(runId, { after, epoch });
    if (!isNext(runId, events, { after, epoch })) return false;
    const json = JSON.stringify(events);
    const plain = { runId, epoch, after, count: events.length, events: json };
    return (await this.#appends.append(plain)) || this.#appendAlone(plain);
  }

  /** What an executor asks before each checkpoint: whether it may still append. */
  async #isAt(runId: string, { after, epoch }: AppendPlace<RunPatch>): Promise<boolean> {
    const found = await this.#db.prepared(
      `SELECT FROM @.runs WHERE id = $1 AND epoch = $2 AND last_seq = $3::bigint AND ${IS_OPEN}`,
      runId,
      epoch,
      after,
    );
    return found.length > 0;
  }

  /** As {@link Appends.append}, but waits for whoever holds the run. */
  async #appendAlone({ runId, epoch, after, count, events }: PlainAppend): Promise<boolean> {
    const appended = await this.#db.run(
      `WITH own AS (
         UPDATE @.runs SET last_seq = $3::bigint + $4, batch_after = $3::bigint, has_events = true
         WHERE id = $1 AND epoch = $2 AND last_seq = $3::bigint AND ${IS_OPEN} RETURNING run
       )
       INSERT INTO @.events (run, seq, event)
       SELECT own.run, $3::bigint + place, event::text
       FROM own, json_array_elements($5::json) WITH ORDINALITY AS given (event, place)`,
      runId,
      epoch,
      after,
      count,
      events,
    );
    return appended > 0;
  }
}

/** Whether nothing of the run's record is to change but where its log ends. */
function isPlain({ patch }: AppendPlace<RunPatch>): boolean {
  return patch === undefined || Object.keys(patch).length === 0;
}

/** As {@link applyBatch} would have it in the usual case: it is told of that case instead of the run's own. */
function isNext(runId: string, events: readonly RunEvent[], at: AppendPlace<RunPatch>): boolean {
  const usual: LogHead = {
    id: runId,
    status: "running",
    epoch: at.epoch,
    lastSeq: at.after,
    batchAfter: null,
    owner: null,
    leaseUntil: null,
    finishedAt: null,
  };
  try {
    return applyBatch(usual, runId, events, at, () => new Date()) !== undefined;
  } catch {
    // Of what is wrong with it, the run itself decides what comes first.
    return false;
  }
}

async function append(
  db: Statements,
  runId: string,
  events: readonly RunEvent[],
  at: AppendPlace<RunPatch>,
): Promise<void> {
  const isEnd = at.patch?.status !== undefined && isFinal(at.patch.status);
  // Threads come before runs, or this and who creates a run on the thread would wait for each other.
  if (isEnd) await lockThreadsOf(db, [runId]);
  const row = await db.get<HeadRow & { readonly now: number }>(
    `SELECT ${HEAD_COLUMNS},
       @.now_ms() AS now
     FROM @.runs WHERE id = $1 FOR NO KEY UPDATE`,
    runId,
  );
  const clock = () => new Date(row?.now ?? 0);
  const change = applyBatch(row && headOf(runId, row), runId, events, at, clock);
  if (!row || !change) return;
  if (events.length > 0) await insertEvents(db, row.run, events);
  await update(db, row.run, change, events.length > 0);
  if (isEnd) await promote(db, [row.thread_id]);
}

/** In a transaction of the caller's. */
export async function insertEvents(
  db: Statements,
  run: number,
  events: readonly RunEvent[],
): Promise<void> {
  await db.run(
    `INSERT INTO @.events (run, seq, event)
     SELECT $1, $2::bigint + place, event::text
     FROM json_array_elements($3::json) WITH ORDINALITY AS given (event, place)`,
    run,
    (events[0]?.seq ?? 1) - 1,
    JSON.stringify(events),
  );
}

async function update(
  db: Statements,
  run: number,
  { record, batchAfter }: BatchChange,
  hasEvents: boolean,
): Promise<void> {
  const own = columnsOf("runs", record);
  await set(db, "runs", run, {
    names: [...own.names, "batch_after", ...(hasEvents ? ["has_events"] : [])],
    values: [...own.values, batchAfter, ...(hasEvents ? [true] : [])],
  });
  const large = columnsOf("run_values", record);
  if (large.names.length > 0) await set(db, "run_values", run, large);
}

async function set(
  db: Statements,
  table: "runs" | "run_values",
  run: number,
  { names, values }: { readonly names: readonly string[]; readonly values: readonly Value[] },
): Promise<void> {
  const assignments = names.map((name, i) => `${name} = $${i + 2}`).join(", ");
  await db.run(`UPDATE @.${table} SET ${assignments} WHERE run = $1`, run, ...values);
}
