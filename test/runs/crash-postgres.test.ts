import { afterAll, describe, expect, test } from "vitest";
import type { Graph } from "../../src/workflows/graph.ts";
import {
  empty,
  isPostgresReachable,
  postgresIn,
  temporarySchema,
} from "../backends/temporary-postgres.ts";
import { crashingBackend, type Crash } from "../support/crashing-backend.ts";
import { until } from "../support/until.ts";
import { drive, start, withEngine } from "./crash/execute.ts";
import { expectSurvived, type Story } from "./crash/expect-survived.ts";
import { SCENARIOS } from "./crash/scenarios.ts";

const RUN = "run";
const SCENARIO = "a function with tasks";
const NEVER: Crash = { at: Infinity, moment: "before" };

describe.skipIf(!(await isPostgresReachable()))(`a run with ${SCENARIO}, in Postgres`, () => {
  const schema = temporarySchema();
  afterAll(() => schema[Symbol.asyncDispose]());

  // oxlint-disable-next-line vitest/expect-expect -- `expectSurvived` does
  test("survives a crash before and after every write of its log and its checkpoints", async () => {
    const graph = SCENARIOS[SCENARIO]?.() as Graph;
    const calm = await survive(graph, NEVER);
    expect(calm.run.status).toBe("succeeded");
    for (let at = 1; at <= calm.writes.length; at++) {
      for (const moment of ["before", "after"] as const) {
        const story = await survive(graph, { at, moment });
        expectSurvived(story, calm, `${moment} write ${at}, ${story.writes.at(-1)}`);
      }
    }
  }, 300_000);

  /** Starts a run on a thread on which one has ended, crashes, and follows it to its end elsewhere. */
  async function survive(graph: Graph, crash: Crash): Promise<Story> {
    await withEngine(await postgresIn(schema), graph, "async", async (engine) => {
      await start(engine, "before");
      await drive(engine, "before");
    });
    const crashing = crashingBackend(await postgresIn(schema), crash);
    await withEngine(crashing.backend, graph, "async", async (engine) => {
      await start(engine, RUN);
      const stopped = drive(engine, RUN).catch((error: unknown) => {
        if (!crashing.hasCrashed) throw error;
      });
      await Promise.race([stopped, until(() => crashing.hasCrashed)]);
    });
    // As if its lease had run out.
    await schema.query(`UPDATE ${schema.name}.runs SET lease_until = 0 WHERE owner IS NOT NULL`);
    const backend = await postgresIn(schema);
    const story = await withEngine(backend, graph, "async", async (engine) => {
      const run = await drive(engine, RUN);
      const { events } = await backend.events.read(RUN, { after: 0, limit: 1_000 });
      return { run, events, writes: crashing.writes };
    });
    await empty(schema);
    return story;
  }
});
