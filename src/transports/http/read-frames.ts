import type { Observer, Pulled } from "../../events/observer.ts";
import type { Frames } from "../../projection/watch.ts";

/** Begins to read frames for an observer. Whoever begins closes what it is given. */
export type ReadFrames = (observer: Observer<Frames>) => Pulled;

/** One frame: of an operation that has one result, or of a refusal. */
export function singleFrame(text: string): ReadFrames {
  return (observer) => {
    let isSent = false;
    return {
      pull() {
        if (isSent) return observer.complete();
        isSent = true;
        observer.next([{ kind: "result", bytes: Buffer.from(text) }]);
      },
      close() {},
    };
  };
}
