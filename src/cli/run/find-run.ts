import { randomUUID } from "node:crypto";
import type { RunClient } from "./client.ts";
import { CommandError, EXIT } from "./command-error.ts";
import type { Operations } from "./operations.ts";
import type { Standing } from "./outcome.ts";
import type { RunStatus } from "./run-event.ts";

/** A run to watch, which watching may be what starts it. */
export interface WatchedRun {
  readonly runId: string;
  readonly workflow: string;
  /** Null for one that is to be started. */
  readonly createdAt: string | null;
  /** The subscription. */
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Which workflow to run, and with what. */
export interface NewRun {
  readonly workflow: string;
  readonly input: unknown;
  /** Absent for a workflow that takes none. */
  readonly context: unknown;
  readonly threadId: string | undefined;
}

/** A new run of a workflow, of an id of our own: however often it is asked for, it is started once. */
export async function newRun(
  client: RunClient,
  operations: Operations,
  { workflow: name, input, context, threadId }: NewRun,
): Promise<WatchedRun> {
  const { workflows } = await client.request<{
    readonly workflows: readonly { readonly name: string; readonly field: string }[];
  }>(operations.workflows, {});
  const workflow = workflows.find((each) => each.name === name);
  if (!workflow) {
    const names = workflows.map((each) => each.name).join(", ");
    throw new CommandError(
      `There is no workflow ${JSON.stringify(name)}: choose one of ${names}`,
      EXIT.badInput,
    );
  }
  const runId = randomUUID();
  return {
    runId,
    workflow: name,
    createdAt: null,
    query: operations.start,
    variables: {
      runId,
      threadId,
      input: { [workflow.field]: input },
      ...(context !== undefined && { options: { context: { [workflow.field]: context } } }),
    },
  };
}

/** A run that exists. */
export async function existingRun(
  client: RunClient,
  operations: Operations,
  runId: string,
): Promise<WatchedRun> {
  const { workflow, createdAt } = await askForRun(client, operations, runId);
  return { runId, workflow, createdAt, query: operations.follow, variables: { runId } };
}

/** Where a run stands now. */
export async function askForRun(
  client: RunClient,
  operations: Operations,
  runId: string,
): Promise<{ readonly workflow: string; readonly createdAt: string; readonly standing: Standing }> {
  const { run } = await client.request<{ readonly run: RunFields }>(operations.run, { runId });
  const { workflow, createdAt, finishedAt, status: runStatus, ...rest } = run;
  return {
    // It may not be served any more.
    workflow: workflow?.name ?? "The run",
    createdAt,
    standing: { ...rest, runStatus, createdAt: finishedAt ?? new Date().toISOString() },
  };
}

interface RunFields extends Omit<Standing, "runStatus"> {
  readonly workflow: { readonly name: string } | null;
  readonly finishedAt: string | null;
  readonly status: RunStatus;
}
