import type { ExecutionArgs, GraphQLError } from "graphql";
import { sharedCaller } from "../access/caller.ts";
import { callerOf, type ApiContext } from "../api/context.ts";
import type { StreamedRun } from "../api/event-stream.ts";
import type { ExecuteFor } from "./compile.ts";
import type { Format } from "./frame.ts";
import { Projection } from "./projection.ts";
import { GIVEN } from "./without-root-arguments.ts";

/** Where an error came up that clients are told as little of as may be. */
export interface ErrorPlace {
  readonly operation?: string;
  readonly runId: string;
  readonly workflow: string;
}

export interface OperationOptions {
  /** As its document has it. */
  readonly name?: string | null | undefined;
  readonly execute: ExecuteFor;
  /** The variables that the selection of an event reads. */
  readonly variables: readonly string[];
  readonly present: (error: GraphQLError, where: ErrorPlace) => GraphQLError;
}

/** A subscription as a client wrote it: what is made of it once, whoever asks for it, of whatever run. */
export class Operation {
  readonly #options: OperationOptions;
  readonly #projections = new Map<string, Projection>();

  constructor(options: OperationOptions) {
    this.#options = options;
  }

  /**
   * The projection of a run for one request, shared by all whose results are the same. Whoever
   * acquires it releases it, once.
   */
  acquire(
    run: StreamedRun,
    format: Format,
    { contextValue, variableValues }: Pick<ExecutionArgs, "contextValue" | "variableValues">,
  ): Projection {
    const { name, execute, variables, present } = this.#options;
    const given = variableValues ?? {};
    // One that was left out has its default value; that is not `null`.
    const used = variables
      .filter((variable) => Object.hasOwn(given, variable))
      .map((variable) => [variable, given[variable]] as const);
    const shared = sharedCaller(callerOf(contextValue as ApiContext | undefined));
    const key = JSON.stringify([run.id, run.createdAt, shared.key, format.name, used]);
    let projection = this.#projections.get(key);
    if (!projection) {
      const values = { ...Object.fromEntries(used), [GIVEN]: true };
      projection = new Projection({
        key,
        // Nothing else of the request: it is one of many.
        execute: (item) => execute(item, { caller: shared.caller }, values),
        present: (error) =>
          present(error, {
            ...(name != null && { operation: name }),
            runId: run.id,
            workflow: run.workflow,
          }),
        format,
      });
      this.#projections.set(key, projection);
    }
    projection.watchers += 1;
    return projection;
  }

  release(projection: Projection): void {
    projection.watchers -= 1;
    if (projection.watchers === 0) this.#projections.delete(projection.key);
  }
}
