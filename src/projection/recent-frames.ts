import type { Frame } from "./frame.ts";

/** The frames of a run's newest events, as many as a number of bytes holds; the newest in any case. */
export class RecentFrames {
  readonly #maxBytes: number;
  /** In the order of seq. */
  readonly #frames = new Map<number, Frame | Promise<Frame>>();
  #bytes = 0;
  #newestSeq = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(seq: number): Frame | Promise<Frame> | undefined {
    return this.#frames.get(seq);
  }

  /** Keeps a frame if it is newer than all that are kept; the oldest make room. */
  add(seq: number, frame: Frame | Promise<Frame>): void {
    if (seq <= this.#newestSeq) return;
    this.#newestSeq = seq;
    this.#frames.set(seq, frame);
    if (!(frame instanceof Promise)) return this.#grow(frame);
    // It tells more than its event does, the run as it is now say: for those who wait for it alone.
    const forget = (): void => void this.#frames.delete(seq);
    frame.then(forget, forget);
  }

  #grow({ bytes }: Frame): void {
    this.#bytes += bytes.length;
    for (const [seq, oldest] of this.#frames) {
      if (this.#bytes <= this.#maxBytes || seq === this.#newestSeq) return;
      this.#frames.delete(seq);
      if (!(oldest instanceof Promise)) this.#bytes -= oldest.bytes.length;
    }
  }
}
