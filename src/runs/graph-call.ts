import type { RunnableConfig } from "@langchain/core/runnables";
import { Command } from "@langchain/langgraph";
import { toGraphInput } from "../workflows/graph-input.ts";
import type { Workflow } from "../workflows/workflow.ts";
import { authUserOf } from "./auth-user.ts";
import type { Start } from "./plan.ts";
import type { Run } from "./run.ts";

/** What the graph is run with. What the workflow's author gave as context stands above the client's. */
export function configOf(
  run: Run,
  workflow: Workflow,
  fromCheckpointId: string | null = null,
): RunnableConfig {
  const { context: authors, ...config } = workflow.config;
  const clients = toGraphInput(workflow.schemas.context, run.context);
  return {
    ...config,
    ...((clients ?? authors) !== undefined && {
      context: { ...(clients as object | null), ...(authors as object | undefined) },
    }),
    // LangGraph's server names these as well, so that nodes written for it find them.
    configurable: {
      thread_id: run.threadId,
      run_id: run.id,
      // Ours: above 1 what a node does to the world outside may have been done before.
      run_attempt: run.epoch,
      graph_id: workflow.name,
      assistant_id: workflow.name,
      ...authUserOf(run.viewer),
      ...(fromCheckpointId !== null && { checkpoint_id: fromCheckpointId }),
    },
  };
}

/** What `graph.stream` takes. */
export function toInput(start: Start, run: Run, workflow: Workflow): unknown {
  if (start.kind === "input") return toGraphInput(workflow.schemas.input, run.input);
  // Going on from a static breakpoint answers nothing.
  if (start.kind !== "answers" || Object.keys(start.answers).length === 0) return null;
  return new Command({ resume: start.answers });
}
