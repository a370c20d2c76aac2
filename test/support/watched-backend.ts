import { memory, type Backend } from "../../src/index.ts";

/** The memory backend, and who uses it. */
export interface WatchedBackend {
  readonly backend: Backend;
  /** How many wake-up listeners there are: one for each run that somebody follows. */
  readonly listeners: number;
  /** How many events have been read from the logs, by all readers together. */
  readonly eventsRead: number;
}

export function watchedBackend(): WatchedBackend {
  const backend = memory();
  const { wakeups, events } = backend;
  let listeners = 0;
  let eventsRead = 0;
  return {
    get listeners() {
      return listeners;
    },
    get eventsRead() {
      return eventsRead;
    },
    backend: {
      ...backend,
      // LangGraph polls a store by timers while a graph runs, and some tests hold timers still.
      store: undefined,
      [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
      wakeups: {
        notify: (topic) => wakeups.notify(topic),
        async subscribe(topic, listener) {
          const unsubscribe = await wakeups.subscribe(topic, listener);
          listeners += 1;
          return () => {
            listeners -= 1;
            unsubscribe();
          };
        },
      },
      events: {
        append: (runId, batch, at) => events.append(runId, batch, at),
        trim: (runId, before) => events.trim(runId, before),
        async read(runId, page) {
          const found = await events.read(runId, page);
          eventsRead += found.events.length;
          return found;
        },
      },
    },
  };
}
