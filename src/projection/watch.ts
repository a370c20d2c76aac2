import { GraphQLError } from "graphql";
import type { EventStream, StreamItem } from "../api/event-stream.ts";
import { BackendUnavailableError, ServiceStoppingError } from "../errors.ts";
import type { Observer, Pulled } from "../events/observer.ts";
import type { WatcherTelemetry } from "../telemetry.ts";
import type { Frame, TickFrame } from "./frame.ts";
import { placeOf, type Projection } from "./projection.ts";

/** What is sent at once has about so many bytes at most. */
const BATCH_BYTES = 64 * 1024;

export type Frames = readonly (Frame | TickFrame)[];

export interface WatchOptions {
  readonly stream: EventStream;
  readonly projection: Projection;
  readonly observer: Observer<Frames>;
  /** When it was asked for, in milliseconds since 1970. */
  readonly begunAt: number;
  readonly counts: WatcherTelemetry;
  /** Called once, when it ends one way or the other. */
  readonly onEnd: () => void;
}

/**
 * One client's subscription, as a transport reads it: frames in order, those that are there at once,
 * as fast as they are asked for. An error while waiting for events becomes the last frame; it fails
 * only where the client should come back with its cursor: with `ServiceStoppingError`, when the service
 * stops before the run has ended, and with `BackendUnavailableError`.
 */
export class Watch implements Pulled, Observer<readonly StreamItem[]> {
  readonly #options: WatchOptions;
  /** What has come, from `#index` on yet to be sent. */
  #batch: readonly StreamItem[] = [];
  #index = 0;
  #isAtEnd = false;
  #isClosed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    options.counts.began();
    options.stream.observe(this);
  }

  pull(): void {
    if (this.#isClosed) return;
    if (this.#isAtEnd) this.complete();
    else if (this.#index < this.#batch.length) this.#send([], 0);
    else this.#options.stream.pull();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#batch = [];
    this.#options.stream.close();
    this.#options.counts.ended();
    this.#options.onEnd();
  }

  /** What the stream has now. */
  next(batch: readonly StreamItem[]): void {
    this.#batch = batch;
    this.#index = 0;
    this.#send([], 0);
  }

  /** The stream has failed. */
  error(error: unknown): void {
    this.#fail(error);
  }

  /** Nothing comes after what has been sent. */
  complete(): void {
    this.close();
    this.#options.observer.complete();
  }

  /** Adds what there is to `frames`, which have so many bytes, and sends them. */
  #send(frames: (Frame | TickFrame)[], bytes: number): void {
    try {
      for (let size = bytes; size < BATCH_BYTES;) {
        const item = this.#batch[this.#index];
        if (!item) break;
        this.#index += 1;
        const frame = this.#frameOf(item);
        if (frame instanceof Promise) {
          frame.then(
            (settled) => this.#send([...frames, settled], size + settled.bytes.length),
            (error: unknown) => this.#fail(error, frames),
          );
          return;
        }
        frames.push(frame);
        if (frame.kind === "result") size += frame.bytes.length;
      }
    } catch (error) {
      return this.#fail(error, frames);
    }
    if (this.#isClosed) return;
    this.#count(this.#index, frames.length);
    // Whoever waits for the next event holds none of those that were sent.
    if (this.#index === this.#batch.length) this.#batch = [];
    this.#options.observer.next(frames);
  }

  #frameOf(item: StreamItem): Frame | TickFrame | Promise<Frame> {
    return item.kind === "tick"
      ? { kind: "tick", at: placeOf(item) }
      : this.#options.projection.frameOf(item);
  }

  /** Of the batch, the `count` items before `end` are sent. */
  #count(end: number, count: number): void {
    const { counts, begunAt } = this.#options;
    counts.sent(this.#batch, end, count, begunAt);
  }

  /** After `frames`, which are not sent yet. */
  #fail(error: unknown, frames: Frames = []): void {
    if (this.#isClosed) return;
    const { observer, projection } = this.#options;
    if (error instanceof ServiceStoppingError || error instanceof BackendUnavailableError) {
      this.close();
      return observer.error(error);
    }
    // The last one that was taken is the one that failed.
    this.#count(this.#index - 1, frames.length);
    this.#batch = [];
    this.#isAtEnd = true;
    observer.next([...frames, projection.failed(toGraphQLError(error))]);
  }
}

function toGraphQLError(error: unknown): GraphQLError {
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}
