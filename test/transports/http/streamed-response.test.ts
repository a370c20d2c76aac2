import { setImmediate } from "node:timers/promises";
import { buildSchema } from "graphql";
import { createYoga } from "graphql-yoga";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ServiceStoppingError, UnauthenticatedError } from "../../../src/errors.ts";
import type { Observer } from "../../../src/events/observer.ts";
import type { Frame, TickFrame } from "../../../src/projection/frame.ts";
import type { Frames } from "../../../src/projection/watch.ts";
import { singleFrame } from "../../../src/transports/http/read-frames.ts";
import type { Reader } from "../../../src/transports/pipeline/slow-readers.ts";
import { streamedResponse, type FetchApi } from "../../../src/transports/http/streamed-response.ts";
import { until } from "../../support/until.ts";

/** Node's own, and Yoga's, which are made of Node's streams. */
const APIS: Readonly<Record<string, FetchApi>> = {
  "the web's streams": globalThis,
  "Yoga's streams": createYoga({ schema: buildSchema("type Query { any: Int }") }).fetchAPI,
};

const NOBODY_SLOW = { watch: () => () => {} };

const PING_MS = 1_000;

const FRAMING = {
  headers: { "content-type": "text/plain" },
  opening: "<",
  ping: ".",
  pingMs: PING_MS,
  tick: ({ seq }: TickFrame["at"]) => `tick ${seq};`,
  ending: ">",
};

const frame = (text: string): Frame => ({ kind: "result", bytes: Buffer.from(`${text};`) });

const tick = (seq: number): TickFrame => ({
  kind: "tick",
  at: { runId: "run-1", seq, cursor: `${seq}` },
});

/** What the test says is read, piece by piece. */
function scripted() {
  let pulls = 0;
  let isClosed = false;
  let observer: Observer<Frames> | undefined;
  return {
    read: (given: Observer<Frames>) => {
      observer = given;
      return { pull: () => void pulls++, close: () => void (isClosed = true) };
    },
    get pulls() {
      return pulls;
    },
    get isClosed() {
      return isClosed;
    },
    say(): Observer<Frames> {
      if (!observer) throw new Error("Nobody reads");
      return observer;
    },
  };
}

/** Reads an answer into `text`, until it ends or breaks off. */
function reading(response: Response) {
  const seen = { text: "", end: undefined as unknown };
  const done = (async () => {
    try {
      for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
        seen.text += Buffer.from(bytes).toString();
      }
      seen.end = "ended";
    } catch (error) {
      seen.end = error;
    }
  })();
  return Object.assign(seen, { done });
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => {
  // Whatever way an answer ended, it left no timer.
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe.each(Object.keys(APIS))("with %s", (name) => {
  const api = APIS[name] ?? globalThis;

  test("an answer is its opening at once, its frames as they come, and its ending", async () => {
    const script = scripted();
    const response = streamedResponse(script.read, FRAMING, api, { slowReaders: NOBODY_SLOW });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/plain"]);
    const seen = reading(response);
    await until(() => script.pulls === 1);
    script.say().next([frame("one"), tick(2), frame("zwölf")]);
    await until(() => script.pulls === 2);
    script.say().next([frame("three")]);
    await until(() => script.pulls === 3);
    script.say().complete();
    await seen.done;
    expect([seen.text, seen.end]).toEqual(["<one;tick 2;zwölf;three;>", "ended"]);
  });

  test("nothing is asked for again before it has come", async () => {
    const script = scripted();
    const seen = reading(streamedResponse(script.read, FRAMING, api, { slowReaders: NOBODY_SLOW }));
    await until(() => script.pulls === 1);
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(script.pulls).toBe(1);
    script.say().complete();
    await seen.done;
  });

  test("an answer that nobody reads asks for no more than it has room for", async () => {
    const script = scripted();
    const response = streamedResponse(script.read, FRAMING, api, { slowReaders: NOBODY_SLOW });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await until(() => script.pulls > 0);
    for (let turn = 0, answered = 0; turn < 200; turn++) {
      if (script.pulls > answered) {
        answered = script.pulls;
        script.say().next([frame("x".repeat(64 * 1024))]);
      }
      await setImmediate();
    }
    expect(script.pulls).toBeLessThan(5);
    expect(script.isClosed).toBe(false);
    await reader.cancel();
    await until(() => script.isClosed);
  });

  test("an answer breaks off when the service stops, without its ending", async () => {
    const script = scripted();
    const seen = reading(streamedResponse(script.read, FRAMING, api, { slowReaders: NOBODY_SLOW }));
    await until(() => script.pulls === 1);
    script.say().next([frame("one")]);
    await until(() => script.pulls === 2);
    script.say().error(new ServiceStoppingError());
    await seen.done;
    expect([seen.text.includes(">"), seen.end]).toEqual([false, new ServiceStoppingError()]);
  });

  test("a client that goes away ends the reading", async () => {
    const script = scripted();
    const response = streamedResponse(script.read, FRAMING, api, { slowReaders: NOBODY_SLOW });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await until(() => script.pulls === 1);
    await reader.cancel();
    await until(() => script.isClosed);
  });

  test("while nothing comes it says that it is alive", async () => {
    const script = scripted();
    const seen = reading(streamedResponse(script.read, FRAMING, api, { slowReaders: NOBODY_SLOW }));
    await until(() => script.pulls === 1);
    for (let i = 0; i < 3; i++) {
      vi.advanceTimersByTime(PING_MS);
      await setImmediate();
    }
    await until(() => seen.text.length >= 4);
    script.say().complete();
    await seen.done;
    expect(seen.text).toBe("<...>");
  });

  test("a single frame is an answer of its own", async () => {
    const seen = reading(
      streamedResponse(singleFrame("only;"), FRAMING, api, { slowReaders: NOBODY_SLOW }),
    );
    await seen.done;
    expect([seen.text, seen.end]).toEqual(["<only;>", "ended"]);
  });

  test("an answer to one whose token ends meanwhile breaks off, and nothing looks after it", async () => {
    const script = scripted();
    const watched = new Set<Reader>();
    const slowReaders = {
      watch(reader: Reader) {
        watched.add(reader);
        return () => void watched.delete(reader);
      },
    };
    const caller = { expiresAt: new Date() };
    const seen = reading(streamedResponse(script.read, FRAMING, api, { slowReaders, caller }));
    await seen.done;
    expect(seen.end).toBeInstanceOf(UnauthenticatedError);
    expect(watched.size).toBe(0);
    expect(script.isClosed).toBe(true);
  });
});
