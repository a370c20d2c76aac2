import { describe, expect, test } from "vitest";
import { NOBODY } from "../../src/access/caller.ts";
import type { Backend } from "../../src/backend.ts";
import { memory } from "../../src/backends/memory/index.ts";
import type { Engine } from "../../src/runs/engine.ts";
import type { RunStatus } from "../../src/events/run-event.ts";
import { createGate } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { ended, interrupted, startEngine, startRun } from "../support/engine.ts";
import { intercept } from "../support/intercept.ts";
import { questions } from "../support/questions.ts";
import { until } from "../support/until.ts";

test("a run that is cancelled at the moment when it is interrupted ends", async () => {
  const gate = createGate();
  const backend = before("interrupted", () => gate.pass());
  const { engine } = startEngine(questions(["one"]), { backend });
  const run = await startRun(engine);
  await until(() => gate.arrivals === 1);
  const cancelling = engine.cancel(run.id, NOBODY);
  gate.open();
  expect(await cancelling).toMatchObject({ status: "cancelled", interrupts: [] });
});

test("a run whose process dies while it is being cancelled is not executed again", async () => {
  let now = Date.now();
  const kept = memory({ clock: () => new Date(now) });
  const dying = before("cancelled", () => Promise.reject(new Error("Killed")), kept);
  const gate = createGate();
  const graph = graphOf(({ config }) => gate.pass(config.signal));
  const first = startEngine(graph, { backend: dying });
  const run = await startRun(first.engine);
  await until(() => gate.arrivals === 1);
  await first.engine.cancel(run.id, NOBODY);
  await first.engine[Symbol.asyncDispose]();
  now += 60_000;
  const second = startEngine(graph, { backend: kept });
  expect(await ended(second.engine, run)).toMatchObject({ status: "cancelled" });
  expect(gate.arrivals).toBe(1);
});

describe("a process that dies while it cancels a run that waits for an answer", () => {
  const killed = () => Promise.reject(new Error("Killed"));

  test.each<[when: string, faulty: (kept: Backend) => Backend]>([
    ["just after that is noted", (kept) => dyingAt(kept, (note) => note().then(killed))],
    ["before it is ended", (kept) => before("cancelled", killed, kept)],
  ])("leaves it to the next one to be ended, if it dies %s", async (_when, faulty) => {
    const { dies, next, run } = await waiting(faulty);
    await expect(dies.cancel(run.id, NOBODY)).rejects.toThrow("Killed");
    expect(await ended(await next(), run)).toMatchObject({ status: "cancelled", interrupts: [] });
  });

  test("leaves it as it was, if it dies before that is noted", async () => {
    const { dies, next, run } = await waiting((kept) => dyingAt(kept, killed));
    await expect(dies.cancel(run.id, NOBODY)).rejects.toThrow("Killed");
    const engine = await next();
    const { interrupts } = await engine.get(run.id, NOBODY);
    const answers = interrupts.map(({ id }) => ({ interruptId: id, value: "yes" }));
    await engine.resume(run.id, answers, NOBODY);
    expect(await ended(engine, run)).toMatchObject({ status: "succeeded" });
  });

  /** A backend that does this where the request to cancel is noted. */
  function dyingAt(
    { runs, ...kept }: Backend,
    act: (note: () => Promise<unknown>) => Promise<never>,
  ): Backend {
    return {
      ...kept,
      [Symbol.asyncDispose]: async () => undefined,
      runs: intercept(runs, ["requestCancel"], (_name, note) => act(note)),
    };
  }

  /** A run that waits, an engine that dies by `faulty`, and how the next one is started. */
  async function waiting(faulty: (kept: Backend) => Backend) {
    let now = Date.now();
    const kept = memory({ clock: () => new Date(now) });
    const graph = questions(["one"]);
    const { engine: dies } = startEngine(graph, { backend: faulty(kept) });
    const run = await interrupted(dies, await startRun(dies));
    const next = async (): Promise<Engine> => {
      await dies[Symbol.asyncDispose]();
      now += 60_000;
      return startEngine(graph, { backend: kept }).engine;
    };
    return { dies, next, run };
  }
});

/** A backend that does something before it stores that a run takes this status. */
function before(
  status: RunStatus,
  act: () => Promise<void>,
  { events, ...backend }: Backend = memory(),
): Backend {
  return {
    ...backend,
    [Symbol.asyncDispose]: async () => undefined,
    events: {
      read: (...args) => events.read(...args),
      trim: (...args) => events.trim(...args),
      async append(runId, batch, at) {
        if (at.patch?.status === status) await act();
        return events.append(runId, batch, at);
      },
    },
  };
}
