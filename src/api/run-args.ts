import type { GraphQLResolveInfo } from "graphql";
import { BadUserInputError } from "../errors.ts";
import type { ContinueRequest, WhenBusy } from "../runs/engine.ts";
import type { Api } from "./api.ts";
import type { Arg } from "./builder.ts";
import { callerOf, checkMayWrite, type ApiContext } from "./context.ts";
import { runIdOfOperation } from "./operation-run-id.ts";
import type { StartedRun } from "./refs.ts";
import { createRunOptions } from "./run-options.ts";
import {
  readContext,
  readWorkflow,
  toGivenPath,
  type ReadWorkflow,
  type WorkflowInputRefs,
} from "./workflow-data.ts";

/** The arguments that start a run; `runWorkflow` and `startRun` take the same. */
export type RunArgs = ReturnType<typeof createRunArgs>;

export function createRunArgs(api: Api, workflowInputs: WorkflowInputRefs) {
  const options = createRunOptions(api, workflowInputs);
  const common = ({ arg }: { readonly arg: Arg }) => ({
    runId: arg.id({
      required: false,
      description: "Your own name for the run, a UUID at best: starting it again finds it.",
    }),
    options: arg({ type: options, required: false }),
  });
  return {
    start: (t: { readonly arg: Arg }) => ({
      input: t.arg({ type: workflowInputs.input, required: true }),
      threadId: t.arg.id({
        required: false,
        description: "The thread to go on with; the run gets its own when absent.",
      }),
      ...common(t),
    }),
    continue: (t: { readonly arg: Arg }) => ({
      threadId: t.arg.id({ required: true }),
      ...common(t),
    }),
  };
}

/** What a client gives for the arguments that both have. */
interface GivenOptions {
  readonly runId?: string | null | undefined;
  readonly options?:
    | {
        readonly timeoutMs?: number | null | undefined;
        readonly whenBusy?: WhenBusy | undefined;
        readonly checkpointId?: string | null | undefined;
        readonly context?: object | null | undefined;
      }
    | null
    | undefined;
}

/** What a client gives for the arguments of a run with an input. */
export interface GivenRun extends GivenOptions {
  readonly input: object;
  readonly threadId?: string | null | undefined;
}

/** What a client gives for the arguments of a run without one. */
export interface GivenContinuation extends GivenOptions {
  readonly threadId: string;
}

/** Which operation, and which of its fields, asks for a run. */
interface AskedBy {
  readonly context: ApiContext | undefined;
  readonly info: Pick<GraphQLResolveInfo, "path">;
}

/**
 * Starts the run that those arguments ask for; with `isWatched` its caller must be allowed to watch it,
 * otherwise to read it. Throws what `Engine.start` throws, problems of the input and the context under
 * the arguments' names.
 */
export async function startRun(
  api: Api,
  given: GivenRun,
  { isWatched, ...by }: AskedBy & { readonly isWatched?: boolean | undefined },
): Promise<StartedRun> {
  checkMayWrite(by.context);
  const workflow = readWorkflow(api, { input: given.input, context: given.options?.context });
  return withGivenPaths(api, workflow, () =>
    api.engine.start({
      ...requestOf(given, by),
      ...workflow,
      threadId: given.threadId ?? undefined,
      isWatched,
    }),
  );
}

/** The same for a run without an input. Throws what `Engine.continue` throws. */
export async function continueThread(
  api: Api,
  given: GivenContinuation,
  by: AskedBy,
): Promise<StartedRun> {
  checkMayWrite(by.context);
  const { threadId, options } = given;
  const { workflow } = await api.engine.threads.find(threadId, callerOf(by.context), "continue");
  const read = { workflow, input: null, context: readContext(api, workflow, options?.context) };
  return withGivenPaths(api, read, () =>
    api.engine.continue({ ...requestOf(given, by), threadId, context: read.context }),
  );
}

function requestOf(
  { runId, options }: GivenOptions,
  { context, info }: AskedBy,
): Omit<ContinueRequest, "threadId" | "context"> {
  return {
    caller: callerOf(context),
    runId: runId ?? runIdOfOperation(context, info),
    timeoutMs: options?.timeoutMs ?? undefined,
    whenBusy: options?.whenBusy,
    checkpointId: options?.checkpointId ?? undefined,
  };
}

async function withGivenPaths<T>(
  api: Api,
  workflow: ReadWorkflow,
  start: () => Promise<T>,
): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof BadUserInputError)) throw error;
    const problems = error.problems.map(({ path, message }) => ({
      path: toGivenPath(api, workflow, path),
      message,
    }));
    throw new BadUserInputError(error.message, problems, { cause: error });
  }
}
