import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sqlite } from "../../src/backends/sqlite/index.ts";
import type { Graph } from "../../src/workflows/graph.ts";
import { crashingBackend, type Crash } from "../support/crashing-backend.ts";
import { until } from "../support/until.ts";
import { drive, start, withEngine } from "./crash/execute.ts";
import { expectSurvived, type Story } from "./crash/expect-survived.ts";
import { SCENARIOS } from "./crash/scenarios.ts";

const RUN = "run";
const CHILD = fileURLToPath(new URL("./crash/child.ts", import.meta.url));
const NEVER: Crash = { at: Infinity, moment: "before" };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "crash-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(Object.keys(SCENARIOS))("a run with %s", (scenario) => {
  describe.each(["async", "sync", "exit"])("and durability %s", (durability) => {
    // oxlint-disable-next-line vitest/expect-expect -- `expectSurvived` does
    test("survives a crash before and after every write of its log and its checkpoints", async () => {
      const graph = SCENARIOS[scenario]?.() as Graph;
      const past = join(folder, `${count++}.sqlite`);
      await makePast(past, graph, durability);
      const calm = await survive(past, graph, durability, NEVER);
      expect(calm.run.status).toBe("succeeded");
      for (let at = 1; at <= calm.writes.length; at++) {
        for (const moment of ["before", "after"] as const) {
          const story = await survive(past, graph, durability, { at, moment });
          const where = `${moment} write ${at}, ${story.writes.at(-1)}`;
          expectSurvived(story, calm, where);
        }
      }
    }, 120_000);
  });
});

describe("a process that is killed", () => {
  const scenario = "questions, two at once and two of one node";
  // oxlint-disable-next-line vitest/expect-expect -- `expectSurvived` does
  test("leaves behind, at every write of its checkpoints, what the next one goes on with", async () => {
    const graph = SCENARIOS[scenario]?.() as Graph;
    const past = join(folder, `${count++}.sqlite`);
    await makePast(past, graph, "async");
    const calm = await survive(past, graph, "async", NEVER);
    const kept = calm.writes.filter((name) => name !== "append");
    await inParallel(cpus().length, [...kept.keys()], async (i) => {
      const path = join(folder, `${count++}.sqlite`);
      await copyFile(past, path);
      expect(await killed(path, scenario, i + 1)).toBe("SIGKILL");
      const { run, events } = await recover(path, graph, "async");
      expectSurvived({ run, events, writes: [] }, calm, `killed at write ${i + 1}`);
    });
  }, 240_000);
});

/** Runs the scenario in a process that kills itself; resolves with the signal that ended it. */
async function killed(path: string, scenario: string, at: number): Promise<NodeJS.Signals | null> {
  const args = ["--import", "tsx", CHILD, path, scenario, String(at)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  return signal;
}

async function inParallel<T>(
  workers: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

let count = 0;

/** A file with a thread on which a run has ended. */
async function makePast(path: string, graph: Graph, durability: string): Promise<void> {
  await withEngine(await sqlite({ path }), graph, durability, async (engine) => {
    await start(engine, "before");
    await drive(engine, "before");
  });
}

/** Starts a run on that thread, crashes, starts anew, and follows it to its end. */
async function survive(
  past: string,
  graph: Graph,
  durability: string,
  crash: Crash,
): Promise<Story> {
  const path = join(folder, `${count++}.sqlite`);
  await copyFile(past, path);
  const crashing = crashingBackend(await sqlite({ path }), crash);
  await withEngine(crashing.backend, graph, durability, async (engine) => {
    await start(engine, RUN);
    const stopped = drive(engine, RUN).catch((error: unknown) => {
      if (!crashing.hasCrashed) throw error;
    });
    await Promise.race([stopped, until(() => crashing.hasCrashed)]);
  });
  return { ...(await recover(path, graph, durability)), writes: crashing.writes };
}

/** What a process makes of the run that finds the file as it is. */
async function recover(
  path: string,
  graph: Graph,
  durability: string,
): Promise<Omit<Story, "writes">> {
  const backend = await sqlite({ path });
  return withEngine(backend, graph, durability, async (engine) => {
    const run = await drive(engine, RUN);
    const { events } = await backend.events.read(RUN, { after: 0, limit: 1_000 });
    return { run, events };
  });
}
