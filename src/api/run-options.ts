import type { WhenBusy } from "../runs/engine.ts";
import type { Api } from "./api.ts";
import type { WorkflowInputRefs } from "./workflow-data.ts";

/** `RunOptions`, which all take that start a run. */
export function createRunOptions({ builder, names }: Api, { context }: WorkflowInputRefs) {
  const whenBusy = builder.enumType(names.type("WhenBusy"), {
    description: "What a run does on a thread with a run that has not ended, interrupted perhaps.",
    values: WHEN_BUSY_VALUES,
  });
  return builder.inputType(names.type("RunOptions"), {
    description: "How to run a workflow.",
    fields: (t) => ({
      timeoutMs: t.int({
        required: false,
        description:
          "How long the run may take, in milliseconds, not counting the time it is interrupted; at " +
          "most, and by default, what the server allows.",
      }),
      whenBusy: t.field({ type: whenBusy, required: true, defaultValue: "reject" }),
      checkpointId: t.id({
        required: false,
        description: "The state of the thread to start from; the newest when absent.",
      }),
      ...(context && {
        context: t.field({
          type: context,
          required: false,
          description: "LangGraph's runtime context, for the workflow that is run.",
        }),
      }),
    }),
  });
}

const WHEN_BUSY_VALUES = {
  REJECT: { value: "reject", description: "It is refused as THREAD_BUSY." },
  ENQUEUE: {
    value: "enqueue",
    description: "It waits as `QUEUED` until those before it have ended.",
  },
  REPLACE: {
    value: "replace",
    description: "Those that have not ended are cancelled; then it starts.",
  },
} as const satisfies Record<string, { value: WhenBusy; description: string }>;
