import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFailed, test } from "vitest";
import { startProxy } from "../cli/run/tcp-proxy.ts";
import { expectWholeRun } from "../faults/expect-whole-run.ts";
import { haveAllMoved, stepsOf } from "../faults/progress.ts";
import { connectForEver, KINDS, watchRun, type Watcher } from "../faults/watchers.ts";
import { createRandom, type Random } from "../runs/ingest/random.ts";
import { startRun } from "../support/stepped.ts";
import { startPostgresServer, startRedisServer, type EngineServer } from "./engines.ts";
import { startMember, type Member } from "./fleet.ts";
import { stepsOfFenced } from "./trace.ts";

const FOLDER = fileURLToPath(new URL("../faults/fixtures/", import.meta.url));

/** How often something is done to the deployment. Each time all runs must then go on. */
const BLOWS = Number(process.env["CHAOS_BLOWS"] ?? 8);
const SEED = Number(process.env["CHAOS_SEED"] ?? 1);

/** Longer than a lease, in milliseconds. */
const FREEZE_MS = 6_000;

/** A kind of deployment. */
interface Kind {
  readonly name: string;
  /** `undefined` where its databases are not installed. */
  readonly start: () => Promise<Engines | undefined>;
}

interface Engines extends AsyncDisposable {
  /** The one that keeps the runs: it is restarted, and connections to it are cut. */
  readonly main: EngineServer;
  /** The options of `serve`, with the main one at that port. */
  readonly dataArgs: (port: number) => readonly string[];
}

const DEPLOYMENTS: readonly Kind[] = [
  {
    name: "Postgres",
    async start() {
      const main = await startPostgresServer();
      if (!main) return undefined;
      return {
        main,
        dataArgs: (port) => ["--data", `postgres://postgres@127.0.0.1:${port}/postgres`],
        [Symbol.asyncDispose]: () => main[Symbol.asyncDispose](),
      };
    },
  },
  {
    name: "Redis, with checkpoints in Postgres",
    async start() {
      const [main, checkpoints] = [await startRedisServer(), await startPostgresServer()];
      if (!main || !checkpoints) return undefined;
      const there = `postgres://postgres@127.0.0.1:${checkpoints.port}/postgres`;
      return {
        main,
        dataArgs: (port) => ["--data", `redis://127.0.0.1:${port}`, "--checkpoints", there],
        async [Symbol.asyncDispose]() {
          await main[Symbol.asyncDispose]();
          await checkpoints[Symbol.asyncDispose]();
        },
      };
    },
  },
];

describe.each(DEPLOYMENTS)("two gateways and three workers on $name", ({ start }) => {
  test(
    "each watcher sees 1 to n once while processes, connections and the database fail",
    { timeout: 120_000 + BLOWS * 30_000 },
    async ({ skip }) => {
      const engines = await start();
      if (!engines) return skip("its database servers are not installed here");
      await using _engines = engines;
      onTestFailed(() => console.error(`Again with CHAOS_SEED=${SEED} CHAOS_BLOWS=${BLOWS}`));
      const folder = await mkdtemp(join(tmpdir(), "chaos-"));
      const [over, trace] = [join(folder, "over"), join(folder, "trace")];
      await using fleet = await startFleet(engines, { FAULTS_STOP: over, FAULTS_TRACE: trace });
      const { members, gateways } = fleet;
      onTestFailed(() => {
        for (const { name, output } of members) console.error(`${name}:\n${output.slice(-4_000)}`);
      });
      // What clients know of all this: one address, behind which are the gateways.
      await using entrance = await startProxy(gateways[0]?.url ?? "");
      const abort = new AbortController();
      const { signal } = abort;
      const random = createRandom(SEED);

      const runIds = await Promise.all(
        [12, 0, 0].map((rounds) => startRun(entrance.url, "rounds", { rounds })),
      );
      const shared = connectForEver(entrance.url, signal);
      const watchers = runIds.flatMap((runId, i) =>
        KINDS.map((kind) =>
          watchRun({ url: entrance.url, runId, kind, signal, ...(i === 1 && { client: shared }) }),
        ),
      );
      for (let blow = 1; blow <= BLOWS; blow++) {
        entrance.redirect(gateways[blow % gateways.length]?.url ?? "");
        entrance.cut(() => random.chance(0.3));
        const before = stepsOf(watchers);
        await strike(blow, { fleet, engines, random });
        while (!haveAllMoved(before, stepsOf(watchers))) await sleep(20);
      }
      await writeFile(over, "");
      await Promise.all(watchers.map(({ done }) => done));
      abort.abort();
      for (const runId of runIds) {
        const ofRun = watchers.filter((watcher: Watcher) => watcher.runId === runId);
        expectWholeRun(ofRun, { stepsMayRepeat: true });
      }
      expect(await stepsOfFenced(trace, fleet.thaws)).toEqual([]);
      await rm(folder, { recursive: true });
    },
  );
});

interface Fleet extends AsyncDisposable {
  readonly members: readonly Member[];
  readonly gateways: readonly Member[];
  readonly workers: readonly Member[];
  /** When processes that stood still were set going again. */
  readonly thaws: { readonly pid: number; readonly at: number }[];
}

async function startFleet(
  { main, dataArgs }: Engines,
  env: Readonly<Record<string, string>>,
): Promise<Fleet> {
  // At once: the first to come makes the tables.
  const members = await Promise.all(
    ["gateway 1", "gateway 2", "worker 1", "worker 2", "worker 3"].map((name) => {
      const role = name.startsWith("gateway") ? "gateway" : "worker";
      return startMember({ name, role, folder: FOLDER, enginePort: main.port, dataArgs, env });
    }),
  );
  return {
    members,
    gateways: members.filter(({ role }) => role === "gateway"),
    workers: members.filter(({ role }) => role === "worker"),
    thaws: [],
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
    },
  };
}

interface Scene {
  readonly fleet: Fleet;
  readonly engines: Engines;
  readonly random: Random;
}

/** Everything that can happen to a deployment, in turn, to whom it may be. */
async function strike(blow: number, { fleet, engines, random }: Scene): Promise<void> {
  const pick = (from: readonly Member[]): Member => {
    const chosen = from[random.int(from.length)];
    if (!chosen) throw new Error("Nobody is there");
    return chosen;
  };
  const blows: readonly (() => Promise<void>)[] = [
    async () => {
      const worker = pick(fleet.workers);
      await worker.end("SIGKILL");
      await sleep(random.int(2_000));
      await worker.start();
    },
    async () => {
      const gateway = pick(fleet.gateways);
      await gateway.end("SIGKILL");
      await gateway.start();
    },
    async () => {
      const worker = pick(fleet.workers);
      worker.freeze();
      await sleep(FREEZE_MS);
      worker.thaw();
      fleet.thaws.push({ pid: worker.pid, at: Date.now() });
    },
    () => engines.main.restart(),
    async () => {
      for (const member of fleet.members) member.engineLink.cut(() => random.chance(0.5));
    },
    async () => {
      const worker = pick(fleet.workers);
      await worker.end("SIGTERM");
      await worker.start();
    },
    async () => {
      // Two at once.
      const [one, other] = [fleet.workers[0], fleet.workers[1]];
      await Promise.all([one?.end("SIGKILL"), other?.end("SIGKILL")]);
      await Promise.all([one?.start(), other?.start()]);
    },
    async () => {
      const gateway = pick(fleet.gateways);
      await gateway.end("SIGTERM");
      await gateway.start();
    },
  ];
  await blows[(blow - 1) % blows.length]?.();
}
