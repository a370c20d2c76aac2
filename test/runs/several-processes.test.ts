import { Annotation, START, StateGraph, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { expect, test } from "vitest";
import { NOBODY } from "../../src/access/caller.ts";
import { createGate, type Gate } from "../support/gate.ts";
import { ended, interrupted, startEngine, startRun } from "../support/engine.ts";
import { graphOf } from "../support/graphs.ts";
import { intercept } from "../support/intercept.ts";
import { questions } from "../support/questions.ts";
import { sharedBackend } from "../support/shared-backend.ts";
import { until } from "../support/until.ts";

test("what a gateway starts a worker executes", async () => {
  const { connect } = sharedBackend();
  const gateway = startEngine(waiting(createGate()), {
    backend: connect().backend,
    role: "gateway",
  });
  const gate = createGate();
  const worker = startEngine(waiting(gate), { backend: connect().backend, role: "worker" });
  const run = await startRun(gateway.engine);
  await until(() => gate.arrivals === 1);
  gate.open();
  expect(await ended(gateway.engine, run)).toMatchObject({ status: "succeeded", epoch: 1 });
  await worker.engine[Symbol.asyncDispose]();
});

test("a gateway executes nothing, and a worker that comes later takes up what waits", async () => {
  const { connect } = sharedBackend();
  const gateway = startEngine(freely(), { backend: connect().backend, role: "gateway" });
  const run = await startRun(gateway.engine);
  await gateway.engine[Symbol.asyncDispose]();
  const worker = startEngine(freely(), { backend: connect().backend });
  expect(await ended(worker.engine, run)).toMatchObject({ status: "succeeded", epoch: 1 });
});

test("any gateway cancels a run that a worker executes", async () => {
  const { connect } = sharedBackend();
  const gateway = startEngine(freely(), { backend: connect().backend, role: "gateway" });
  const gate = createGate();
  const worker = startEngine(waiting(gate), { backend: connect().backend, role: "worker" });
  const run = await startRun(worker.engine);
  await until(() => gate.arrivals === 1);
  await gateway.engine.cancel(run.id, NOBODY);
  expect(await ended(gateway.engine, run)).toMatchObject({ status: "cancelled" });
});

test("a gateway ends a cancelled run whose worker is dead, with no other worker there", async () => {
  const { connect } = sharedBackend();
  const gateway = startEngine(freely(), { backend: connect().backend, role: "gateway" });
  const run = await startRun(gateway.engine);
  const { runs } = connect().backend;
  await runs.claim({ owner: "dead", leaseMs: 4_000, limit: 1 });
  await gateway.engine.cancel(run.id, NOBODY);
  expect(await ended(gateway.engine, run)).toMatchObject({ status: "cancelled", epoch: 2 });
});

test("any gateway answers a run that another process has executed", async () => {
  const { connect } = sharedBackend();
  const gateway = startEngine(questions(["one"]), { backend: connect().backend, role: "gateway" });
  startEngine(questions(["one"]), { backend: connect().backend, role: "worker" });
  const run = await interrupted(gateway.engine, await startRun(gateway.engine));
  const answers = run.interrupts.map(({ id }) => ({ interruptId: id, value: "yes" }));
  await gateway.engine.resume(run.id, answers, NOBODY);
  expect(await ended(gateway.engine, run)).toMatchObject({
    status: "succeeded",
    output: { answers: { one: "yes" } },
  });
});

test("a run whose worker is cut off goes on elsewhere, and its graph is aborted here", async () => {
  const { connect } = sharedBackend();
  const [gate, other] = [createStepGate(), createStepGate()];
  const cut = connect();
  const first = startEngine(steps(gate), cut);
  const run = await startRun(first.engine);
  await until(() => gate.arrivals === 1);
  gate.open();
  await until(() => gate.arrivals === 2);
  cut.isCutOff = true;
  const second = startEngine(steps(other), { backend: connect().backend });
  // The first step is in a checkpoint; only the second is taken again.
  await until(() => other.arrivals === 1 && gate.aborts > 0);
  other.open();
  expect(await ended(second.engine, run)).toMatchObject({
    status: "succeeded",
    epoch: 2,
    output: { log: ["first", "second"] },
  });
});

test("a short outage of the backend costs a run nothing but time", async () => {
  const { connect } = sharedBackend();
  const connection = connect();
  const gate = createStepGate();
  const { engine, backend } = startEngine(steps(gate), connection);
  const run = await startRun(engine);
  await until(() => gate.arrivals === 1);
  connection.isCutOff = true;
  // What the node writes, and then its checkpoint, finds nobody.
  gate.open();
  await until(() => connection.failures >= 3);
  connection.isCutOff = false;
  gate.open();
  expect(await ended(engine, run)).toMatchObject({ status: "succeeded", epoch: 1 });
  const { events } = await backend.events.read(run.id, { after: 0, limit: 100 });
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, i) => i + 1));
});

test("a run goes on when the backend is back, from its last checkpoint, after a long outage", async () => {
  const { connect } = sharedBackend();
  const connection = connect();
  const gate = createStepGate();
  const { engine, logger } = startEngine(steps(gate), connection);
  const run = await startRun(engine);
  await until(() => gate.arrivals === 1);
  gate.open();
  await until(() => gate.arrivals === 2);
  connection.isCutOff = true;
  await until(() => gate.aborts > 0);
  expect(logger.lines.map(({ message }) => message)).toContainEqual(
    expect.stringContaining("leases have run out"),
  );
  connection.isCutOff = false;
  gate.open(Infinity);
  expect(await ended(engine, run)).toMatchObject({
    status: "succeeded",
    epoch: 2,
    output: { log: ["first", "second"] },
  });
});

test("what a worker takes up first after a long outage is not let go with what it held before", async () => {
  const { connect } = sharedBackend();
  const connection = connect();
  let renewals = 0;
  const runs = intercept(connection.backend.runs, ["renew"], (_name, act) =>
    act().finally(() => (renewals += 1)),
  );
  const gate = createGate();
  const { logger } = startEngine(waiting(gate), { backend: { ...connection.backend, runs } });
  const gateway = startEngine(freely(), { backend: connect().backend, role: "gateway" });
  connection.isCutOff = true;
  // Once a second: longer than a lease.
  await until(() => renewals >= 6);
  connection.isCutOff = false;
  // Right after it has looked by itself, so that this wake-up comes first.
  const run = await startRun(gateway.engine);
  await until(() => gate.arrivals === 1);
  const seen = renewals;
  await until(() => renewals >= seen + 2);
  gate.open();
  expect(await ended(gateway.engine, run)).toMatchObject({ status: "succeeded", epoch: 1 });
  expect(logger.lines.map(({ message }) => message)).not.toContainEqual(
    expect.stringContaining("leases have run out"),
  );
});

test("a worker that stops leaves its runs to the others at once", async () => {
  const { connect } = sharedBackend();
  const [gate, other] = [createStepGate(), createStepGate()];
  const first = startEngine(steps(gate), { backend: connect().backend, drainMs: 0 });
  const run = await startRun(first.engine);
  await until(() => gate.arrivals === 1);
  const second = startEngine(steps(other), { backend: connect().backend });
  await first.engine[Symbol.asyncDispose]();
  other.open(Infinity);
  expect(await ended(second.engine, run)).toMatchObject({ status: "succeeded", epoch: 2 });
});

/** A graph that does nothing. */
function freely() {
  return graphOf(() => undefined);
}

/** A graph of one node that waits at a gate. */
function waiting(gate: Gate) {
  return graphOf(({ config }) => gate.pass(config.signal));
}

/** A graph of two nodes that wait at a gate, one after the other. */
function steps(gate: StepGate) {
  const State = Annotation.Root({
    log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
  });
  const step = (name: string) => async (_state: unknown, config: LangGraphRunnableConfig) => {
    config.signal?.addEventListener("abort", () => (gate.aborts += 1));
    await gate.pass(config.signal);
    config.writer?.({ type: "progress", current: 1 });
    return { log: [name] };
  };
  return new StateGraph(State)
    .addNode("first", step("first"))
    .addNode("second", step("second"))
    .addEdge(START, "first")
    .addEdge("first", "second")
    .compile();
}

interface StepGate extends Gate {
  /** How many nodes were aborted. */
  aborts: number;
}

function createStepGate(): StepGate {
  return Object.assign(createGate(), { aborts: 0 });
}
