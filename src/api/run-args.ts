import { BadUserInputError } from "../errors.ts";
import type { Run } from "../runs/run.ts";
import type { Api } from "./api.ts";
import type { Builder } from "./builder.ts";
import { checkMayWrite, viewerOf, type ApiContext } from "./context.ts";
import { readWorkflow, toGivenPath, type WorkflowInputRefs } from "./workflow-data.ts";

type Arg = Parameters<Parameters<Builder["subscriptionField"]>[1]>[0]["arg"];

/** The arguments that start a run; `runWorkflow` and `startRun` take the same. */
export type RunArgs = ReturnType<typeof createRunArgs>;

export function createRunArgs({ builder, names }: Api, { input, context }: WorkflowInputRefs) {
  const options = builder.inputType(names.type("RunOptions"), {
    description: "How to run a workflow.",
    fields: (t) => ({
      timeoutMs: t.int({
        required: false,
        description:
          "How long the run may take, in milliseconds; at most, and by default, what the server allows.",
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

/** What a client gives for those arguments. */
export interface GivenRun {
  readonly input: object;
  readonly runId?: string | null | undefined;
  readonly threadId?: string | null | undefined;
  readonly options?:
    | {
        readonly timeoutMs?: number | null | undefined;
        readonly context?: object | null | undefined;
      }
    | null
    | undefined;
}

/**
 * Starts the run that those arguments ask for; `defaultRunId` names it if they do not. Throws what
 * `Engine.start` throws, problems of the input and the context under the arguments' names.
 */
export async function startRun(
  api: Api,
  { input, runId, threadId, options }: GivenRun,
  context: ApiContext | undefined,
  defaultRunId?: string,
): Promise<{ readonly run: Run; readonly isNew: boolean }> {
  checkMayWrite(context);
  const workflow = readWorkflow(api, { input, context: options?.context });
  try {
    return await api.engine.start({
      viewer: viewerOf(context),
      ...workflow,
      runId: runId ?? defaultRunId,
      threadId: threadId ?? undefined,
      timeoutMs: options?.timeoutMs ?? undefined,
    });
  } catch (error) {
    if (!(error instanceof BadUserInputError)) throw error;
    const problems = error.problems.map(({ path, message }) => ({
      path: toGivenPath(api, workflow, path),
      message,
    }));
    throw new BadUserInputError(error.message, problems, { cause: error });
  }
}
