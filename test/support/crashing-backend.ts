import type { BaseCheckpointSaver } from "@langchain/langgraph";
import type { Backend } from "../../src/backend.ts";
import { intercept } from "./intercept.ts";

/** Which write of the executor is its last. */
export interface Crash {
  /** From 1; `Infinity` for none. */
  readonly at: number;
  /** Whether the write itself still gets into the file. */
  readonly moment: "before" | "after";
}

export interface CrashingBackend {
  readonly backend: Backend;
  /** The writes so far, by the name of what was called. */
  readonly writes: readonly string[];
  readonly hasCrashed: boolean;
}

/**
 * A backend that is closed for good at a chosen write of the log or of checkpoints: what is in it then
 * is what a process would leave behind that is killed there, and nothing gets in any more.
 */
export function crashingBackend(real: Backend, crash: Crash): CrashingBackend {
  const writes: string[] = [];
  let hasCrashed = false;

  async function write<T>(name: string, act: () => Promise<T>): Promise<T> {
    if (hasCrashed) throw new Error("The process is dead");
    writes.push(name);
    const isLast = writes.length === crash.at;
    const result = isLast && crash.moment === "before" ? undefined : await act();
    if (isLast) {
      hasCrashed = true;
      await real[Symbol.asyncDispose]();
      throw new Error("The process was killed here");
    }
    return result as T;
  }

  const crashing = (saver: BaseCheckpointSaver) => intercept(saver, ["put", "putWrites"], write);
  const { checkpointerFor } = real;
  return {
    writes,
    get hasCrashed() {
      return hasCrashed;
    },
    backend: {
      ...real,
      [Symbol.asyncDispose]: () => real[Symbol.asyncDispose](),
      checkpointer: real.checkpointer && crashing(real.checkpointer),
      ...(checkpointerFor && { checkpointerFor: (run) => crashing(checkpointerFor(run)) }),
      events: intercept(real.events, ["append"], write),
    },
  };
}
