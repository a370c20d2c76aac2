import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { BackendUnavailableError, ServiceStoppingError } from "../../../src/errors.ts";
import type { Observer } from "../../../src/events/observer.ts";
import type { Frame, TickFrame } from "../../../src/projection/frame.ts";
import type { Frames } from "../../../src/projection/watch.ts";
import { SocketOperation } from "../../../src/transports/websocket/socket-operation.ts";
import { SocketWriter } from "../../../src/transports/websocket/socket-writer.ts";
import { openSocketPair, type SocketPair } from "../../support/socket-pair.ts";
import { range } from "../../support/stepped.ts";
import { until } from "../../support/until.ts";

const frame = (text: string): Frame => ({ kind: "result", bytes: Buffer.from(text) });

const tick = (seq: number): TickFrame => ({
  kind: "tick",
  at: { runId: "run-1", seq, cursor: `${seq}.1.run-1` },
});

/** An operation whose subscription says what the test wants. */
function operationOn(pair: SocketPair, id = "1") {
  let pulls = 0;
  let isClosed = false;
  let observer: Observer<Frames> | undefined;
  const ended: SocketOperation[] = [];
  const operation = new SocketOperation(
    {
      watch(_format, given) {
        observer = given;
        return { pull: () => void pulls++, close: () => void (isClosed = true) };
      },
    },
    {
      socket: pair.server,
      writer: new SocketWriter(pair.server, pair.upgrade),
      id,
      onEnd: (one) => void ended.push(one),
    },
  );
  return {
    operation,
    ended,
    say: (): Observer<Frames> => {
      if (!observer) throw new Error("Nobody watches");
      return observer;
    },
    get pulls() {
      return pulls;
    },
    get isClosed() {
      return isClosed;
    },
  };
}

test("each result is a next message under the operation's id, whatever that is", async () => {
  await using pair = await openSocketPair();
  const id = 'a "b" \\ é\n';
  const { operation, say } = operationOn(pair, id);
  void operation.next();
  say().next([frame('{"data":{"n":1}}'), frame('{"data":{"n":"é"}}')]);
  await until(() => pair.received.length === 2);
  expect(pair.received.map((text) => JSON.parse(text) as unknown)).toEqual([
    { id, type: "next", payload: { data: { n: 1 } } },
    { id, type: "next", payload: { data: { n: "é" } } },
  ]);
});

test("a tick is a ping of the protocol, after the results that it comes with", async () => {
  await using pair = await openSocketPair();
  const { operation, say } = operationOn(pair);
  void operation.next();
  say().next([frame("{}"), tick(7)]);
  say().next([tick(9)]);
  await until(() => pair.received.length === 3);
  expect(pair.received.map((text) => JSON.parse(text) as unknown)).toEqual([
    { id: "1", type: "next", payload: {} },
    { type: "ping", payload: { id: "1", runId: "run-1", seq: 7, cursor: "7.1.run-1" } },
    { type: "ping", payload: { id: "1", runId: "run-1", seq: 9, cursor: "9.1.run-1" } },
  ]);
});

test("nothing is asked for before graphql-ws begins, then as fast as the client reads", async () => {
  await using pair = await openSocketPair();
  const seen = operationOn(pair);
  expect(seen.pulls).toBe(0);
  void seen.operation.next();
  expect(seen.pulls).toBe(1);
  seen.say().next([frame("{}")]);
  expect(seen.pulls).toBe(2);
  pair.client.pause();
  seen.say().next([frame(`"${"x".repeat(8 * 1024 * 1024)}"`)]);
  for (const _turn of range(1, 50)) await setImmediate();
  expect(seen.pulls).toBe(2);
  pair.client.resume();
  await until(() => seen.pulls === 3 && pair.received.length === 2);
});

test("the iteration ends once all has been sent, and only then", async () => {
  await using pair = await openSocketPair();
  const { operation, say, ended } = operationOn(pair);
  let isDone = false;
  const next = operation.next().then((result) => {
    isDone = true;
    return result;
  });
  say().next([frame("{}")]);
  await setImmediate();
  expect([isDone, ended]).toEqual([false, []]);
  say().complete();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(ended).toEqual([operation]);
});

test("a client that completes the operation ends the iteration and the reading, once", async () => {
  await using pair = await openSocketPair();
  const seen = operationOn(pair);
  const next = seen.operation.next();
  await seen.operation.return();
  await seen.operation.return();
  expect(await next).toEqual({ done: true, value: undefined });
  expect([seen.isClosed, seen.ended]).toEqual([true, [seen.operation]]);
});

test("when the service stops the operation counts as ended, but completes only with its socket", async () => {
  await using pair = await openSocketPair();
  const { operation, say, ended } = operationOn(pair);
  let isDone = false;
  const next = operation.next().then(() => (isDone = true));
  say().error(new ServiceStoppingError());
  await setImmediate();
  expect([isDone, ended]).toEqual([false, [operation]]);
  await operation.return();
  await next;
  expect(ended).toEqual([operation]);
});

test("when the runs cannot be read for long the socket closes so that its client comes back", async () => {
  await using pair = await openSocketPair();
  const { operation, say } = operationOn(pair);
  void operation.next();
  const closed = once(pair.client, "close");
  say().error(new BackendUnavailableError());
  // Try again later: graphql-ws' client does, with its operations.
  expect((await closed)[0]).toBe(1013);
});

test("an operation whose socket has closed reads nothing", async () => {
  await using pair = await openSocketPair();
  const seen = operationOn(pair);
  pair.client.terminate();
  await until(() => pair.server.readyState === pair.server.CLOSED);
  expect(await seen.operation.next()).toEqual({ done: true, value: undefined });
  expect([seen.pulls, seen.isClosed, seen.ended]).toEqual([0, true, [seen.operation]]);
});

test("an operation that waits for a client that vanishes ends", async () => {
  await using pair = await openSocketPair();
  const seen = operationOn(pair);
  const next = seen.operation.next();
  pair.client.pause();
  seen.say().next([frame(`"${"x".repeat(8 * 1024 * 1024)}"`)]);
  pair.client.terminate();
  await next;
  expect([seen.pulls, seen.isClosed]).toEqual([1, true]);
});
