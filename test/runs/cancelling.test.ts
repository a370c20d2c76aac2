import { expect, test } from "vitest";
import { NOBODY } from "../../src/access/caller.ts";
import type { Backend } from "../../src/backend.ts";
import { memory } from "../../src/backends/memory/index.ts";
import type { RunStatus } from "../../src/events/run-event.ts";
import { createGate } from "../support/gate.ts";
import { graphOf } from "../support/graphs.ts";
import { ended, startEngine, startRun } from "../support/engine.ts";
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
