import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onTestFailed, test } from "vitest";
import { startProxy } from "../cli/run/tcp-proxy.ts";
import { createRandom, type Random } from "../runs/ingest/random.ts";
import { startRestartableServer, type RestartableServer } from "../support/restartable-server.ts";
import { startRun } from "../support/stepped.ts";
import { expectWholeRun } from "./expect-whole-run.ts";
import { haveAllMoved, stepsOf } from "./progress.ts";
import { connectForEver, KINDS, watchRun, type Watcher } from "./watchers.ts";

const FOLDER = fileURLToPath(new URL("fixtures/", import.meta.url));

/** How often the server is killed in one round. */
const KILLS = 20;

const ROUNDS = Number(process.env["FAULTS_ROUNDS"] ?? 1);
/** One round alone is the same each time; of several, other ones. */
const DEFAULT_SEED = ROUNDS === 1 ? 1 : Date.now() % 1_000_000;
const FIRST_SEED = Number(process.env["FAULTS_SEED"] ?? DEFAULT_SEED);

test.each(Array.from({ length: ROUNDS }, (_, i) => FIRST_SEED + i))(
  "each watcher sees 1 to n once, in order, while sockets are cut and the server is killed (seed %i)",
  { timeout: 240_000 },
  async (seed) => {
    onTestFailed(() => console.error(`Again with FAULTS_SEED=${seed} npm run test:faults`));
    const random = createRandom(seed);
    const folder = await mkdtemp(join(tmpdir(), "faults-"));
    const over = join(folder, "over");
    await using server = await startRestartableServer({
      folder: FOLDER,
      data: join(folder, "data.sqlite"),
      env: { FAULTS_STOP: over },
    });
    await using proxy = await startProxy(server.url);
    using abort = abortAtEnd();
    const { signal } = abort;

    // One ends by itself somewhere in between, the others when all is over.
    const runIds = await Promise.all(
      [12, 0, 0].map((rounds) => startRun(server.url, "rounds", { rounds })),
    );
    const shared = connectForEver(proxy.url, signal);
    const watchers = runIds.flatMap((runId, i) =>
      KINDS.map((kind) =>
        watchRun({ url: proxy.url, runId, kind, signal, ...(i === 1 && { client: shared }) }),
      ),
    );
    for (let kill = 1; kill <= KILLS; kill++) {
      await beAlive(server, watchers, random);
      proxy.cut(() => random.chance(0.2));
      await sleep(random.int(300));
      await server.stop("SIGKILL");
      // Somebody who comes when nobody is there.
      const [runId = ""] = runIds.slice(random.int(runIds.length));
      const kind = KINDS[random.int(KINDS.length)] ?? "";
      if (random.chance(0.3)) {
        watchers.push(watchRun({ url: proxy.url, runId, kind, signal }));
      }
      server.start();
    }
    await writeFile(over, "");
    await Promise.all(watchers.map(({ done }) => done));
    for (const runId of runIds) {
      expectWholeRun(watchers.filter((watcher) => watcher.runId === runId));
    }
    await rm(folder, { recursive: true });
  },
);

/**
 * Waits until the server goes on with the runs, or, now and then, a moment in which it may not even
 * listen. Not twice in a row: that a run is never killed before it comes to its next checkpoint is
 * what recovery may ask for.
 */
async function beAlive(
  server: RestartableServer,
  watchers: readonly Watcher[],
  random: Random,
): Promise<void> {
  const isEarly = random.chance(0.2) && !wasEarly.has(server);
  if (isEarly) {
    wasEarly.add(server);
    return sleep(random.int(1_000));
  }
  wasEarly.delete(server);
  await server.ready();
  const before = stepsOf(watchers);
  // The server needs the processor more than this loop does.
  while (!haveAllMoved(before, stepsOf(watchers))) await sleep(10);
}

const wasEarly = new WeakSet<RestartableServer>();

function abortAtEnd(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort() };
}
