import type { BaseCheckpointSaver } from "@langchain/langgraph";
import type { Backend } from "../backend.ts";
import type { Workflows } from "../workflows/workflow.ts";
import { checkpointerOf } from "./graph-with-backend.ts";
import type { Thread } from "./thread.ts";

/** Where the checkpoints of threads are kept. */
interface Places {
  readonly workflows: Workflows;
  readonly backend: Backend;
}

/** Where runs of a workflow leave their checkpoints; the backend's, for one that is no longer served. */
export function saverOf(
  { workflows, backend }: Places,
  workflow: string,
): BaseCheckpointSaver | undefined {
  const served = workflows.get(workflow);
  return served ? checkpointerOf(served.graph, backend) : backend.checkpointer;
}

/** The names of all workflows that ran on the thread, as far as is known. */
export async function workflowsOf(
  { workflows, backend }: Places,
  { id, workflow }: Thread,
): Promise<ReadonlySet<string>> {
  const names = new Set([workflow]);
  for (const name of workflows.keys()) {
    const { runs } = await backend.runs.list({ threadId: id, workflow: name }, { first: 1 });
    if (runs.length > 0) names.add(name);
  }
  return names;
}

/** Where they left their checkpoints. */
export async function saversOf(
  places: Places,
  thread: Thread,
): Promise<ReadonlySet<BaseCheckpointSaver>> {
  const names = await workflowsOf(places, thread);
  const savers = [...names].map((name) => saverOf(places, name));
  return new Set(savers.filter((saver) => saver !== undefined));
}
