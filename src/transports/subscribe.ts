import {
  createSourceEventStream,
  execute,
  GraphQLError,
  type ExecutionArgs,
  type ExecutionResult,
} from "graphql";
import { cursorAfter, type StreamItem } from "../api/event-stream.ts";
import { ServiceStoppingError } from "../errors.ts";
import { withoutRootArguments } from "./without-root-arguments.ts";

/** What tells a client where it stands: in `extensions` of every result of a subscription. */
export interface CursorExtensions {
  readonly runId: string;
  readonly seq: number;
  readonly cursor: string;
}

/**
 * graphql-js' `subscribe` for our schema: every result carries its cursor in `extensions`. A tick
 * becomes a result without data and without errors, which transports send in their own way. An
 * error while waiting for events becomes the last result.
 */
export async function subscribe(
  args: ExecutionArgs,
): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> {
  const source = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in source)) return source;
  const results = new ResultStream(
    source[Symbol.asyncIterator]() as AsyncIterator<StreamItem>,
    withoutRootArguments(args),
  );
  // A client that left meanwhile is not heard of again.
  const { request } = (args.contextValue ?? {}) as { readonly request?: Request };
  if (request?.signal.aborted) await results.return();
  return results;
}

/** Whether an operation goes on, or has one result. */
export function isStream(result: unknown): result is AsyncIterable<ExecutionResult> {
  return typeof result === "object" && result !== null && Symbol.asyncIterator in result;
}

/** The results of an operation one by one, whether it goes on or has one result. */
export function toStream(
  result: ExecutionResult | AsyncIterable<ExecutionResult>,
): AsyncIterable<ExecutionResult> {
  return isStream(result) ? result : single(result);
}

/** Whether a result only says that the cursor has moved. */
export function isTick(result: ExecutionResult): boolean {
  return result.data === undefined && result.errors === undefined;
}

/**
 * Whether a result says that the service stops while its run has not ended. Transports send no such
 * result, and no end either: to a client that would be the end of its operation, and it is to come back.
 */
export function isStopping({ errors }: ExecutionResult): boolean {
  return errors?.[0]?.originalError instanceof ServiceStoppingError;
}

/** The cursor that a result carries. */
export function cursorOfResult(result: ExecutionResult): CursorExtensions | undefined {
  const { cursor } = result.extensions ?? {};
  return typeof cursor === "string"
    ? (result.extensions as unknown as CursorExtensions)
    : undefined;
}

async function* single(result: ExecutionResult): AsyncGenerator<ExecutionResult, void, void> {
  yield result;
}

/** An iterator by hand: see {@link EventStream}. Complete enough that graphql-ws takes it for a generator. */
class ResultStream implements AsyncGenerator<ExecutionResult, void, void> {
  readonly #source: AsyncIterator<StreamItem>;
  readonly #args: ExecutionArgs;
  #hasFailed = false;

  constructor(source: AsyncIterator<StreamItem>, args: ExecutionArgs) {
    this.#source = source;
    this.#args = args;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<ExecutionResult, void>> {
    if (this.#hasFailed) return { done: true, value: undefined };
    try {
      const { done, value: item } = await this.#source.next();
      if (done === true) return { done, value: undefined };
      return { done: false, value: await this.#resultOf(item) };
    } catch (error) {
      this.#hasFailed = true;
      await this.#source.return?.();
      return { done: false, value: { data: null, errors: [toGraphQLError(error)] } };
    }
  }

  async return(): Promise<IteratorResult<ExecutionResult, void>> {
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<ExecutionResult, void>> {
    await this.#source.return?.();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #resultOf(item: StreamItem): Promise<ExecutionResult> {
    const { runId, event } = item;
    const extensions = { runId, seq: event.seq, cursor: cursorAfter(item) };
    if (item.kind === "tick") return { extensions };
    const result = await execute({ ...this.#args, rootValue: item });
    return { ...result, extensions: { ...result.extensions, ...extensions } };
  }
}

function toGraphQLError(error: unknown): GraphQLError {
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}
