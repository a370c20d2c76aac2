import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Backend } from "../../src/backend.ts";
import { NOBODY } from "../../src/access/caller.ts";
import { sqlite } from "../../src/backends/sqlite/index.ts";
import {
  isPostgresReachable,
  postgresIn,
  temporarySchema,
} from "../backends/temporary-postgres.ts";
import { counter } from "../support/counter.ts";
import { ended, interrupted, startEngine, startRun } from "../support/engine.ts";
import { questions } from "../support/questions.ts";

/** How to open a place that goes with the test, as often as wanted. */
const PLACES: Readonly<Record<string, () => Promise<() => Promise<Backend>>>> = {
  SQLite: fileFor,
  Postgres: schemaFor,
};

const isSkipped: Readonly<Record<string, boolean>> = { Postgres: !(await isPostgresReachable()) };

for (const [name, placeFor] of Object.entries(PLACES)) {
  describe.skipIf(isSkipped[name])(`runs that ${name} keeps`, () => {
    test("an interrupted run is answered after a restart, and is one run and one log", async () => {
      const open = await placeFor();
      const run = await (async () => {
        await using backend = await open();
        const { engine } = startEngine(questions(["one"], { type: "number" }), { backend });
        const asking = await interrupted(engine, await startRun(engine, { threadId: "t" }));
        await engine[Symbol.asyncDispose]();
        return asking;
      })();
      await using backend = await open();
      const { engine } = startEngine(questions(["one"], { type: "number" }), { backend });
      const interruptId = run.interrupts[0]?.id ?? "";
      const bad = engine.resume(run.id, [{ interruptId, value: "x" }], NOBODY);
      await expect(bad).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
      await engine.resume(run.id, [{ interruptId, value: 1 }], NOBODY);
      expect(await ended(engine, run)).toMatchObject({ output: { answers: { one: 1 } } });
      const { events } = await backend.events.read(run.id, { after: 0, limit: 100 });
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, i) => i + 1));
      await engine[Symbol.asyncDispose]();
    });

    test("an answer is taken that JSON writes as another number", async () => {
      await using backend = await (await placeFor())();
      const { engine } = startEngine(questions(["one"]), { backend });
      const run = await interrupted(engine, await startRun(engine));
      const interruptId = run.interrupts[0]?.id ?? "";
      await engine.resume(run.id, [{ interruptId, value: -0 }], NOBODY);
      expect(await ended(engine, run)).toMatchObject({ output: { answers: { one: 0 } } });
      await engine[Symbol.asyncDispose]();
    });

    test("an answer is taken that is an object without a prototype, as GraphQL makes of literals", async () => {
      await using backend = await (await placeFor())();
      const { engine } = startEngine(questions(["one"]), { backend });
      const run = await interrupted(engine, await startRun(engine));
      const value = Object.assign(Object.create(null), { approved: true }) as { approved: true };
      await engine.resume(run.id, [{ interruptId: run.interrupts[0]?.id ?? "", value }], NOBODY);
      expect(await ended(engine, run)).toMatchObject({
        output: { answers: { one: { approved: true } } },
      });
      await engine[Symbol.asyncDispose]();
    });

    test("threads are changed, forked, queued on and deleted as in memory", async () => {
      await using backend = await (await placeFor())();
      const { engine } = startEngine(counter, { backend });
      const first = await ended(
        engine,
        await startRun(engine, { threadId: "t", input: { add: 1 } }),
      );
      const thread = await engine.threads.get("t", NOBODY);
      const early = await engine.threads.state(thread, NOBODY);
      expect(early).toMatchObject({ values: { total: 1 }, runId: first.id });
      const { state } = await engine.threads.update({
        threadId: "t",
        caller: NOBODY,
        values: { total: 5 },
      });
      expect(state).toMatchObject({ values: { total: 6 }, source: "update" });
      const { states, hasMore } = await engine.threads.history(thread, NOBODY, { first: 2 });
      expect([states.map(({ source }) => source), hasMore]).toEqual([["update", "loop"], true]);
      const checkpointId = early?.checkpointId;
      const copy = await engine.threads.fork({ threadId: "t", caller: NOBODY, checkpointId });
      expect(await engine.threads.state(copy, NOBODY)).toMatchObject({
        values: { total: 1 },
        source: "fork",
      });
      const queue = [
        ["b", 7],
        ["a", 8],
      ] as const;
      const outputs = [];
      // One after the other: of those that come at the same time either may be first.
      for (const [runId] of queue) {
        const request = { runId, threadId: "t", whenBusy: "enqueue", input: { add: 1 } } as const;
        const run = await startRun(engine, request);
        outputs.push(ended(engine, run).then(({ output }) => output));
      }
      expect(await Promise.all(outputs)).toMatchObject(queue.map(([, total]) => ({ total })));
      const again = await startRun(engine, { threadId: "t", checkpointId, input: { add: 10 } });
      expect(await ended(engine, again)).toMatchObject({ output: { total: 11 } });
      await engine.threads.delete("t", NOBODY);
      const config = { configurable: { thread_id: "t" } };
      expect(await backend.checkpointer?.getTuple(config)).toBeUndefined();
      expect((await engine.list({}, { first: 9 }, NOBODY)).runs).toEqual([]);
      expect(await engine.threads.list({ first: 9 }, NOBODY)).toEqual({
        threads: [copy],
        hasMore: false,
        endCursor: copy.id,
      });
      await engine[Symbol.asyncDispose]();
    });
  });
}

async function fileFor(): Promise<() => Promise<Backend>> {
  const directory = await mkdtemp(join(tmpdir(), "langgraph-graphql-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return () => sqlite({ path: join(directory, "runs.db") });
}

async function schemaFor(): Promise<() => Promise<Backend>> {
  const schema = temporarySchema();
  onTestFinished(() => schema[Symbol.asyncDispose]());
  return () => postgresIn(schema);
}
