import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import type { Backend } from "../../src/backend.ts";
import { sqlite } from "../../src/backends/sqlite/index.ts";
import { ConfigError } from "../../src/errors.ts";
import { newRun, queued, statusChanged, written } from "../../src/testing/index.ts";
import { temporaryDirectory, temporarySqlite } from "./temporary-sqlite.ts";

const CHECKPOINT = {
  v: 4,
  id: "1",
  ts: "",
  channel_values: { n: 1 },
  channel_versions: {},
  versions_seen: {},
};
const LEASE = { owner: "worker-1", leaseMs: 600_000, limit: 10 };

test("it is durable, and keeps ended runs for a week unless told otherwise", async () => {
  await using backend = await temporarySqlite();
  expect(backend.isDurable).toBe(true);
  expect(backend.retention).toEqual({ endedMs: 604_800_000, bytes: 2 ** 30, checkpoints: 100 });
  await using other = await temporarySqlite({ retentionMs: 1, maxBytes: 2, maxCheckpoints: 3 });
  expect(other.retention).toEqual({ endedMs: 1, bytes: 2, checkpoints: 3 });
});

test("a file that is opened again holds runs, events, threads, items and checkpoints", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.path("new/directories/runs.db");
  const before = await sqlite({ path });
  const run = await startRun(before, "run-1");
  const log = await before.events.read("run-1", { after: 0, limit: 10 });
  const thread = await before.runs.getThread("run-1");
  await before.store?.put(["a"], "k", { n: 1 });
  const place = { configurable: { thread_id: "run-1", checkpoint_ns: "" } };
  const metadata = { source: "loop", step: 1, parents: {} } as const;
  await before.checkpointer?.put(place, CHECKPOINT, metadata, {});
  await before[Symbol.asyncDispose]();

  await using after = await sqlite({ path });
  // Whoever held the lease is gone.
  expect(await after.runs.get("run-1")).toEqual({ ...run, owner: null, leaseUntil: null });
  expect(await after.events.read("run-1", { after: 0, limit: 10 })).toEqual(log);
  expect(await after.runs.getThread("run-1")).toEqual(thread);
  expect((await after.store?.get(["a"], "k"))?.value).toEqual({ n: 1 });
  expect((await after.checkpointer?.getTuple(place))?.checkpoint).toEqual(CHECKPOINT);
  expect(await after.runs.claim(LEASE)).toMatchObject([{ id: "run-1", epoch: 2 }]);
});

test("a file is open once at a time, and again after it is closed, which may be done twice", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.path("runs.db");
  const first = await sqlite({ path });
  await expect(sqlite({ path })).rejects.toThrow(
    new ConfigError(
      `${path} is in use: stop the other process that serves from it, or choose another file`,
    ),
  );
  await first.runs.create(newRun(), queued()); // It was not disturbed.
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  const second = await sqlite({ path });
  await second[Symbol.asyncDispose]();
  await expect(second.runs.get("run-1")).rejects.toThrow("The SQLite backend is closed");
});

test("a file whose process was killed is opened at once, and its runs are free", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.path("runs.db");
  const holder = fileURLToPath(new URL("hold-sqlite.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", holder, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  await expect(sqlite({ path })).rejects.toThrow(/is in use/);
  child.kill("SIGKILL");
  await once(child, "exit");

  await using backend = await sqlite({ path });
  const { events, lastSeq } = await backend.events.read("run-1", { after: 0, limit: 1_000 });
  expect(lastSeq).toBeGreaterThan(1);
  expect(events.map((event) => event.seq)).toEqual(
    Array.from({ length: lastSeq }, (_, i) => i + 1),
  );
  expect(await backend.runs.claim(LEASE)).toMatchObject([{ id: "run-1", epoch: 2, lastSeq }]);
});

test("another program may read the file meanwhile", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.path("runs.db");
  await using backend = await sqlite({ path });
  await backend.runs.create(newRun(), queued());
  const reader = new Database(path, { readonly: true });
  expect(reader.prepare("SELECT count(*) FROM runs").pluck().get()).toBe(1);
  reader.close();
});

test("a file of a newer version is left alone", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.path("runs.db");
  await (await sqlite({ path }))[Symbol.asyncDispose]();
  change(path, "PRAGMA user_version = 7");
  await expect(sqlite({ path })).rejects.toThrow(
    `${path} was written by a newer langgraph-graphql (its version is 7, this one knows 1): update langgraph-graphql, or choose another file`,
  );
  change(path, "PRAGMA user_version = 1");
  await using backend = await sqlite({ path });
  expect(await backend.runs.get("run-1")).toBeUndefined();
});

test.each([
  ["with a version", "CREATE TABLE t (x); PRAGMA user_version = 1; PRAGMA application_id = 12"],
  ["without one", "CREATE TABLE t (x)"],
])("another program's database %s is left as it is", async (_which, sql) => {
  await using directory = await temporaryDirectory();
  const path = directory.path("other.db");
  change(path, sql);
  await expect(sqlite({ path })).rejects.toThrow(
    `${path} belongs to another program: choose another file`,
  );
  const file = new Database(path);
  expect(file.prepare("SELECT name FROM sqlite_schema").pluck().all()).toEqual(["t"]);
  file.close();
});

test("a file in which LangGraph's own saver kept checkpoints may be used", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.path("checkpoints.db");
  const saver = SqliteSaver.fromConnString(path);
  const place = { configurable: { thread_id: "thread-1", checkpoint_ns: "" } };
  await saver.put(place, CHECKPOINT, { source: "loop", step: 1, parents: {} });
  saver.db.close();
  await using backend = await sqlite({ path });
  await startRun(backend, "run-1");
  expect((await backend.checkpointer?.getTuple(place))?.checkpoint).toEqual(CHECKPOINT);
});

test("a file that is no database, or damaged, is left as it is", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.path("notes.txt");
  const text = "These are notes, and no database at all. ".repeat(200);
  await writeFile(path, text);
  const opening = sqlite({ path });
  await expect(opening).rejects.toThrow(ConfigError);
  await expect(opening).rejects.toThrow(
    `${path} is damaged, or no SQLite database: restore a backup, move it away, or choose another file`,
  );
  expect(await readFile(path, "utf8")).toBe(text);
});

test("what cannot be a file is refused with what to give instead", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.path("directory");
  await mkdir(path);
  await expect(sqlite({ path })).rejects.toThrow(
    new ConfigError(`${path} is a directory: give the path of a file`),
  );
  for (const wrong of ["", ":memory:"]) {
    await expect(sqlite({ path: wrong })).rejects.toThrow(
      new ConfigError(
        `sqlite({ path: ${JSON.stringify(wrong)} }): give the path of a file, or use memory()`,
      ),
    );
  }
  await writeFile(directory.path("file"), "");
  const below = directory.path("file/runs.db");
  await expect(sqlite({ path: below })).rejects.toThrow(`${below} cannot be opened: `);
});

// Root may write anywhere.
test.skipIf(process.getuid?.() === 0)(
  "a directory that cannot be written to is named",
  async () => {
    await using directory = await temporaryDirectory();
    const path = directory.path("locked/runs.db");
    await mkdir(directory.path("locked"), { mode: 0o500 });
    await expect(sqlite({ path })).rejects.toThrow(
      `${path} cannot be written: let this user write to it and its directory, or choose another file`,
    );
    await chmod(directory.path("locked"), 0o700);
  },
);

test("a full disk refuses a batch whole, says so, and takes the next once there is room", async () => {
  await using backend = await temporarySqlite();
  await startRun(backend, "run-1");
  const { db } = backend.checkpointer as SqliteSaver;
  const pages = Number(db.pragma("page_count", { simple: true }));
  // SQLite's own limit fails in the way that a disk without space does.
  db.pragma(`max_page_count = ${pages + 5}`);
  const batch = [written(3, "small"), written(4, "x".repeat(100_000))];
  const append = () => backend.events.append("run-1", batch, { after: 2, epoch: 1 });
  await expect(append()).rejects.toThrow(
    /^The disk is full, nothing more can be stored: .*runs\.db$/,
  );
  await expect(append()).rejects.toMatchObject({ cause: { code: "SQLITE_FULL" } });
  expect((await backend.events.read("run-1", { after: 0, limit: 10 })).lastSeq).toBe(2);
  db.pragma("max_page_count = 1000000");
  await append();
  expect((await backend.events.read("run-1", { after: 0, limit: 10 })).lastSeq).toBe(4);
});

test("the file shrinks again when a thousand runs were deleted", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.path("runs.db");
  const backend = await sqlite({ path });
  const payload = "x".repeat(10_000);
  const runIds = Array.from({ length: 1_000 }, (_, i) => `run-${i}`);
  for (const id of runIds) {
    await startRun(backend, id);
    const end = [written(3, payload), statusChanged(4, "succeeded")];
    await backend.events.append(id, end, { after: 2, epoch: 1, patch: { status: "succeeded" } });
  }
  const grown = await backend.storedBytes();
  expect(grown).toBeGreaterThan(10_000_000);
  await backend.runs.delete(runIds);
  expect(await backend.storedBytes()).toBeLessThan(500_000);
  expect((await stat(path)).size).toBeLessThan(2_500_000);
  // Beyond its limit, the write-ahead log is cut back.
  expect((await stat(`${path}-wal`)).size).toBeLessThan(20_000_000);
  await backend[Symbol.asyncDispose]();
});

test("events of a run that was deleted right before a crash go with the next deletion", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.path("runs.db");
  const before = await sqlite({ path });
  await startRun(before, "run-1");
  await before[Symbol.asyncDispose]();
  // What a crash leaves between the two transactions of a deletion.
  change(path, "INSERT INTO deleted_runs SELECT run FROM runs; DELETE FROM runs");
  const after = await sqlite({ path });
  await startRun(after, "run-1");
  expect((await after.events.read("run-1", { after: 0, limit: 10 })).lastSeq).toBe(2);
  await after.runs.delete(["run-1"]);
  await after[Symbol.asyncDispose]();
  const file = new Database(path);
  expect(file.prepare("SELECT count(*) FROM events").pluck().get()).toBe(0);
  expect(file.prepare("SELECT count(*) FROM deleted_runs").pluck().get()).toBe(0);
  file.close();
});

test("of a long queue the oldest runs are claimed, fairly between many viewers", async () => {
  await using backend = await temporarySqlite();
  const create = (id: string, viewer: string | null, time: number) =>
    backend.runs.create(newRun({ id, viewer, createdAt: new Date(time) }), queued());
  for (let i = 0; i < 300; i++) await create(`ann-${i}`, "ann", i);
  const ids = async (limit: number) =>
    (await backend.runs.claim({ ...LEASE, limit })).map((run) => run.id);
  expect(await ids(2)).toEqual(["ann-0", "ann-1"]);
  // Behind more runs than a first look at the queue shows.
  await create("bob-0", "bob", 1_000);
  await create("nobody-0", null, 1_001);
  await create("zoe-0", "zoe", 1_002);
  expect(await ids(5)).toEqual(["bob-0", "nobody-0", "zoe-0", "ann-2", "ann-3"]);
});

/** Creates a run and executes it up to its second event. */
async function startRun({ runs, events }: Backend, id: string) {
  await runs.create(newRun({ id }), queued());
  await runs.claim({ ...LEASE, runId: id });
  const patch = { status: "running" } as const;
  await events.append(id, [statusChanged(2, "running")], { after: 1, epoch: 1, patch });
  return runs.get(id);
}

/** Does something to a file that nobody has open. */
function change(path: string, sql: string): void {
  const connection = new Database(path);
  connection.exec(sql);
  connection.close();
}
