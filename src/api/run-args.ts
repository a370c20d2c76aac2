import type { StartRequest } from "../runs/engine.ts";
import type { Api } from "./api.ts";
import type { Builder } from "./builder.ts";
import { viewerOf, type ApiContext } from "./context.ts";
import { readWorkflowInput, type WorkflowRefs } from "./workflow.ts";

type Arg = Parameters<Parameters<Builder["subscriptionField"]>[1]>[0]["arg"];

/** The arguments that start a run; `runWorkflow` and `startRun` take the same. */
export type RunArgs = ReturnType<typeof createRunArgs>;

export function createRunArgs({ builder, names }: Api, { input }: WorkflowRefs) {
  const options = builder.inputType(names.type("RunOptions"), {
    description: "How to run a workflow.",
    fields: (t) => ({
      timeoutMs: t.int({
        required: false,
        description:
          "How long the run may take, in milliseconds; at most, and by default, what the server allows.",
      }),
    }),
  });
  return {
    start: ({ arg }: { arg: Arg }) => ({
      input: arg({ type: input, required: true }),
      runId: arg.id({
        required: false,
        description: "Your own name for the run, a UUID at best: starting it again finds it.",
      }),
      threadId: arg.id({
        required: false,
        description: "The thread to go on with; the run gets its own when absent.",
      }),
      options: arg({ type: options, required: false }),
    }),
  };
}

/** What those arguments ask the engine for. */
export function toStartRequest(
  { workflowFields }: Api,
  given: {
    readonly input: object;
    readonly runId?: string | null | undefined;
    readonly threadId?: string | null | undefined;
    readonly options?: { readonly timeoutMs?: number | null | undefined } | null | undefined;
  },
  context: ApiContext | undefined,
): StartRequest {
  const { workflow, input } = readWorkflowInput(
    given.input as Readonly<Record<string, unknown>>,
    workflowFields,
  );
  return {
    viewer: viewerOf(context),
    workflow,
    input,
    runId: given.runId ?? undefined,
    threadId: given.threadId ?? undefined,
    timeoutMs: given.options?.timeoutMs ?? undefined,
  };
}
