import type { Backend } from "../../src/backend.ts";
import { memory } from "../../src/backends/memory/index.ts";
import { BackendUnavailableError } from "../../src/errors.ts";
import { intercept, type Interceptor } from "./intercept.ts";

/** One process's way to a backend that others use as well, and that can be cut off. */
export interface Connection {
  readonly backend: Backend;
  isCutOff: boolean;
  /** How many calls have failed because of that. */
  readonly failures: number;
}

/** A backend as several processes would share it, in memory. */
export function sharedBackend(): { readonly connect: () => Connection } {
  const kept = memory();
  return { connect: () => connectTo(kept) };
}

function connectTo(kept: Backend): Connection {
  let failures = 0;
  let isCutOff = false;
  const reach: Interceptor = (_name, act) => {
    if (!isCutOff) return act();
    failures += 1;
    return Promise.reject(new BackendUnavailableError());
  };
  const { runs, events, wakeups, checkpointer } = kept;
  const backend: Backend = {
    ...kept,
    isShared: true,
    isDurable: true,
    runs: intercept(runs, ["create", "get", "list", "claim", "renew", "requestCancel"], reach),
    events: intercept(events, ["append", "read"], reach),
    wakeups: {
      subscribe: (...args) => wakeups.subscribe(...args),
      notify: (topic) => (isCutOff ? undefined : wakeups.notify(topic)),
    },
    checkpointer: checkpointer && intercept(checkpointer, ["put", "putWrites", "getTuple"], reach),
    [Symbol.asyncDispose]: async () => undefined,
  };
  return {
    backend,
    get isCutOff() {
      return isCutOff;
    },
    set isCutOff(value) {
      isCutOff = value;
    },
    get failures() {
      return failures;
    },
  };
}
