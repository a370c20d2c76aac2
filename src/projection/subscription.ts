import type { ExecutionArgs } from "graphql";
import type { EventStream } from "../api/event-stream.ts";
import type { Observer, Pulled } from "../events/observer.ts";
import type { Format } from "./frame.ts";
import type { Operation } from "./operation.ts";
import { Watch, type Frames } from "./watch.ts";

/**
 * A subscription that has begun, before its transport has said how to write its results. No iterator,
 * so that whatever else is between here and there lets it pass. Watch it, or close it.
 */
export class Subscription {
  readonly #stream: EventStream;
  readonly #operation: Operation;
  readonly #args: ExecutionArgs;

  constructor(stream: EventStream, operation: Operation, args: ExecutionArgs) {
    this.#stream = stream;
    this.#operation = operation;
    this.#args = args;
  }

  /** Reads its results, written in `format`. Once; closing what it returns closes the subscription. */
  watch(format: Format, observer: Observer<Frames>): Pulled {
    const stream = this.#stream;
    const operation = this.#operation;
    const projection = operation.acquire(stream.run, format, this.#args);
    const onEnd = (): void => operation.release(projection);
    return new Watch({ stream, projection, observer, onEnd });
  }

  close(): void {
    this.#stream.close();
  }
}
