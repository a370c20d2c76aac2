import { Access } from "../../src/access/access.ts";
import { afterEach } from "vitest";
import { NOBODY } from "../../src/access/caller.ts";
import type { Backend } from "../../src/backend.ts";
import { memory, type MemoryOptions } from "../../src/backends/memory/index.ts";
import { DEFAULT_LIMITS, type EngineLimits, type Role } from "../../src/runs/engine-options.ts";
import { Engine, type StartRequest } from "../../src/runs/engine.ts";
import { isFinal, type Run } from "../../src/runs/run.ts";
import type { WorkflowDefinition } from "../../src/workflows/define-workflow.ts";
import type { Graph } from "../../src/workflows/graph.ts";
import { createWorkflows } from "../../src/workflows/workflow.ts";
import { ownerOfRecord } from "./callers.ts";
import { recordingLogger } from "./recording-logger.ts";
import { until } from "./until.ts";

const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine[Symbol.asyncDispose]()));
});

export interface TestEngineOptions {
  readonly limits?: Partial<EngineLimits>;
  readonly memory?: MemoryOptions;
  readonly backend?: Backend;
  /** Others beside it. */
  readonly workflows?: Readonly<Record<string, WorkflowDefinition | Graph>>;
  /** @default "work" */
  readonly name?: string;
  readonly access?: Access;
  readonly clock?: () => Date;
  /** @default 1_000 */
  readonly drainMs?: number;
  /** Whether it also looks for work by itself, once a second. @default true */
  readonly isOpen?: boolean;
  readonly role?: Role;
}

/** An engine that serves `graph`, and ends with the test. */
export function startEngine(graph: WorkflowDefinition | Graph, options: TestEngineOptions = {}) {
  const backend = options.backend ?? memory(options.memory);
  const logger = recordingLogger();
  const workflows = createWorkflows({ [options.name ?? "work"]: graph, ...options.workflows });
  const engine = new Engine({
    workflows,
    backend,
    access: options.access ?? new Access({ isAuthenticated: false }),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    role: options.role,
    exposeErrors: true,
    drainMs: options.drainMs ?? 1_000,
    logger,
    clock: options.clock,
  });
  if (options.isOpen ?? true) engine.open();
  engines.push(engine);
  return { engine, backend, logger, workflows };
}

/** Starts a run of `work`. */
export async function startRun(engine: Engine, request: Partial<StartRequest> = {}): Promise<Run> {
  const { run } = await engine.start({ caller: NOBODY, workflow: "work", input: {}, ...request });
  return run;
}

/** The run, once it has ended. */
export async function ended(engine: Engine, run: Run): Promise<Run> {
  await until(async () => isFinal((await engine.get(run.id, ownerOfRecord(run))).status));
  return engine.get(run.id, ownerOfRecord(run));
}

/** The run, once it waits for answers. */
export async function interrupted(engine: Engine, run: Run): Promise<Run> {
  await until(async () => (await engine.get(run.id, ownerOfRecord(run))).status === "interrupted");
  return engine.get(run.id, ownerOfRecord(run));
}

export function statuses(engine: Engine, ...runs: readonly Run[]): Promise<readonly string[]> {
  return Promise.all(
    runs.map(async (run) => (await engine.get(run.id, ownerOfRecord(run))).status),
  );
}
