import type { Received, RunView, TaskView } from "langgraph-graphql/client";
import type { WatchRunSubscription } from "../gql/graphql.ts";

/** An event that the page's operation names; generated of its document. */
export type RunEvent = Received<WatchRunSubscription["workflowEvents"]>;

/** All that the page shows of a run. */
export type Run = RunView<RunEvent>;

export type Citation = Extract<Run["custom"][number], { readonly __typename: "CitationEvent" }>;
export type Interrupt = Run["interrupts"][number];
export type RunResult = NonNullable<Run["result"]>;

/** A bar of the page. */
export interface Bar {
  readonly key: string;
  /** The path of nodes, the outermost first. */
  readonly path: readonly string[];
  readonly phase: NonNullable<TaskView["phase"]> | "waiting";
  /** From 0 to 100; `null` where it is not known how far a task has got. */
  readonly percent: number | null;
  readonly count: string | null;
  readonly status: string | null;
}

/** A bar for each task, save those in whose place their subgraph's tasks stand. */
export function barsOf(tasks: readonly TaskView[]): readonly Bar[] {
  const parents = new Set(tasks.map(({ namespace }) => namespace.at(-1)));
  return tasks
    .filter(({ node, taskId }) => !parents.has(`${node}:${taskId}`))
    .map((task) => ({
      key: task.key,
      path: [...task.namespace.map((part) => part.replace(/:.*$/, "")), task.node ?? "run"],
      phase: task.phase ?? "waiting",
      percent: percentOf(task),
      count: countOf(task),
      status: task.error?.message ?? task.message ?? task.progress?.status ?? null,
    }));
}

function percentOf({ phase, progress }: TaskView): number | null {
  if (phase === "finished") return 100;
  if (progress?.fraction != null) return Math.round(progress.fraction * 100);
  return phase === "running" ? null : 0;
}

function countOf({ progress }: TaskView): string | null {
  if (progress?.current == null || progress.total === null) return null;
  return `${progress.current} of ${progress.total}`;
}
