import type { ExecutionArgs } from "graphql";
import type { EventStream } from "../api/event-stream.ts";
import type { Observer, Pulled } from "../events/observer.ts";
import type { Format } from "./frame.ts";
import type { Operation } from "./operation.ts";
import type { Telemetry } from "../telemetry.ts";
import { Watch, type Frames } from "./watch.ts";

export interface SubscriptionOptions {
  readonly stream: EventStream;
  readonly operation: Operation;
  readonly args: ExecutionArgs;
  /** When it was asked for, in milliseconds since 1970. */
  readonly begunAt: number;
  readonly telemetry: Telemetry;
  /** Called when it has ended or is closed, more than once perhaps. */
  readonly onEnd: () => void;
}

/**
 * A subscription that has begun, before its transport has said how to write its results. No iterator,
 * so that whatever else is between here and there lets it pass. Watch it, or close it.
 */
export class Subscription {
  readonly #options: SubscriptionOptions;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  /** Reads its results, written in `format`. Once; closing what it returns closes the subscription. */
  watch(format: Format, observer: Observer<Frames>): Pulled {
    const { stream, operation, args, begunAt, telemetry, onEnd: leave } = this.#options;
    const projection = operation.acquire(stream.run, format, args);
    // Without `this`: for as long as somebody watches it would keep `args`, and the request with them.
    const onEnd = (): void => {
      operation.release(projection);
      leave();
    };
    const counts = telemetry.watchers(format.name);
    return new Watch({ stream, projection, observer, begunAt, counts, onEnd });
  }

  close(): void {
    this.#options.stream.close();
    this.#options.onEnd();
  }
}
