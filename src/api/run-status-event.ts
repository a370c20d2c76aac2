import type { Api } from "./api.ts";
import { callerOf } from "./context.ts";

/** `RunStatusEvent`, and the small types it shares with `Run`. */
export function implementRunStatusEvent({ refs, engine }: Api): void {
  refs.runError.implement({
    description: "Why a run or a node failed.",
    fields: (t) => ({
      code: t.exposeString("code", {
        description:
          "`RUN_FAILED`, `RUN_TIMEOUT`, `EVENT_LIMIT`, `WORKFLOW_CHANGED`, `RECOVERY_FAILED`, or LangGraph's own code.",
      }),
      message: t.exposeString("message", { description: "For people." }),
    }),
  });

  refs.interrupt.implement({
    description: "A question that a node put with `interrupt()`, waiting for its answer.",
    fields: (t) => ({
      id: t.exposeID("id", { description: "An answer names it: see `resumeRun`." }),
      value: t.field({
        type: "JSON",
        nullable: true,
        description: "What the node gave to `interrupt()`.",
        resolve: ({ value }) => value,
      }),
      responseSchema: t.field({
        type: "JSON",
        nullable: true,
        description: "JSON Schema of the answer; null where the node does not say.",
        resolve: ({ responseSchema }) => responseSchema ?? null,
      }),
      node: t.string({
        nullable: true,
        description: "The node that asks; null where LangGraph does not tell.",
        resolve: ({ node }) => node ?? null,
      }),
      namespace: t.stringList({
        description: "The path of subgraphs to the node that asks.",
        resolve: ({ namespace }) => [...namespace],
      }),
    }),
  });

  refs.problem.implement({
    description: "What was wrong with one part of an input or a payload.",
    fields: (t) => ({
      path: t.stringList({
        description: "Field names and list positions, outermost first; empty for the whole.",
        resolve: ({ path }) => [...path],
      }),
      message: t.exposeString("message"),
    }),
  });

  refs.runStatusEvent.implement({
    description: "The run's status changed. The last event of a run is one.",
    interfaces: [refs.runEvent],
    fields: (t) => ({
      runStatus: t.field({ type: refs.runStatus, resolve: ({ event }) => event.status }),
      run: t.field({
        type: refs.run,
        description: "The run as it is now, which may be further than this event.",
        resolve: ({ runId }, _args, context) => engine.get(runId, callerOf(context)),
      }),
      output: t.field({
        type: "JSON",
        nullable: true,
        description:
          "The graph's output, when the run succeeded; its state so far, when interrupted.",
        resolve: ({ event }) => event.output ?? null,
      }),
      result: t.field({
        type: refs.workflowResult,
        nullable: true,
        description: "The output of a succeeded run, under the name of its workflow.",
        resolve: ({ workflow, event }) =>
          event.status === "succeeded" ? { workflow, value: event.output ?? null } : null,
      }),
      error: t.field({
        type: refs.runError,
        nullable: true,
        description: "Why the run failed, or why an answer was refused while it goes on waiting.",
        resolve: ({ event }) => event.error ?? null,
      }),
      interrupts: t.field({
        type: [refs.interrupt],
        description: "What the run waits to be told; empty unless interrupted.",
        resolve: ({ event }) => event.interrupts ?? [],
      }),
    }),
  });
}
