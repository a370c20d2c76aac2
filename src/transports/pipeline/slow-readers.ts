import type { Logger } from "../../logger.ts";
import type { Telemetry } from "../../telemetry.ts";

/** Somebody bytes are sent to. */
export interface Reader {
  /** Changes whenever some of what waits for it has been taken; `undefined` while nothing waits. */
  progress(): string | undefined;
  /** Breaks off what it reads, so that it comes back once it can. */
  cutOff(): void;
}

export interface SlowReadersOptions {
  /** How long a reader may take nothing of what waits for it, in milliseconds. */
  readonly writeTimeoutMs: number;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
}

/**
 * So many looks in a row must find that nothing was taken, and not a time: after a node that has blocked
 * the process for long nobody could have taken anything.
 */
const LOOKS = 6;

interface Stall {
  readonly progress: string;
  readonly looks: number;
}

/**
 * Cuts off who takes nothing of what waits for it: a vanished client, or one that holds its connection
 * only to have the server keep what it does not read. One timer looks after all; nothing is done
 * when bytes are sent. Dispose of it to stop.
 */
export class SlowReaders implements Disposable {
  readonly #options: SlowReadersOptions;
  readonly #readers = new Map<Reader, Stall | undefined>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: SlowReadersOptions) {
    this.#options = options;
    const every = Math.ceil(options.writeTimeoutMs / LOOKS);
    this.#timer = setInterval(() => this.#look(), every).unref();
  }

  /** Looks after a reader, until what is returned is called, or it is cut off. */
  watch(reader: Reader): () => void {
    this.#readers.set(reader, undefined);
    return () => void this.#readers.delete(reader);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const [reader, stall] of this.#readers) {
      const progress = reader.progress();
      if (progress === undefined) {
        if (stall) this.#readers.set(reader, undefined);
      } else if (stall?.progress !== progress) {
        this.#readers.set(reader, { progress, looks: 0 });
      } else if (stall.looks + 1 < LOOKS) {
        this.#readers.set(reader, { progress, looks: stall.looks + 1 });
      } else {
        this.#cutOff(reader);
      }
    }
  }

  #cutOff(reader: Reader): void {
    const { writeTimeoutMs, logger, telemetry } = this.#options;
    this.#readers.delete(reader);
    telemetry.dropped("SLOW_READER");
    logger.info({ writeTimeoutMs }, "a client that takes nothing of what it is sent was cut off");
    reader.cutOff();
  }
}
