import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { SocketWriter } from "../../../src/transports/websocket/socket-writer.ts";
import { openSocketPair, type SocketPair } from "../../support/socket-pair.ts";
import { range } from "../../support/stepped.ts";
import { until } from "../../support/until.ts";

/** Sockets whose messages go out as they are, and those that compress them, however short. */
const KINDS = {
  "a plain socket": {},
  "a socket that compresses": { perMessageDeflate: { threshold: 0 } },
} as const;

const NAMES = Object.keys(KINDS) as (keyof typeof KINDS)[];

const HEAD = Buffer.from('{"payload":');
const TAIL = Buffer.from("}");

/** So much that no connection takes it while nobody reads. */
const LARGE = 8 * 1024 * 1024;

const MB = 1024 * 1024;

const writerOf = ({ server, upgrade }: SocketPair): SocketWriter =>
  new SocketWriter(server, upgrade);

const send = (writer: SocketWriter, ...texts: readonly (string | number)[]): void =>
  writer.send(
    HEAD,
    texts.map((text) => Buffer.from(String(text))),
    TAIL,
  );

const message = (text: string | number): string => `{"payload":${text}}`;

test.each(NAMES)(
  "on %s all that is sent arrives in order, by whomever it is sent",
  async (kind) => {
    await using pair = await openSocketPair(KINDS[kind]);
    expect(pair.client.extensions === "").toBe(kind === "a plain socket");
    const writer = writerOf(pair);
    const expected: string[] = [];
    for (const turn of range(1, 50)) {
      send(writer, `${turn}a`, `${turn}b`);
      pair.server.send(`${turn}c`);
      send(writer, `${turn}é`, "x".repeat(turn * 1_000));
      pair.server.ping(`${turn}`);
      send(writer, `${turn}d`);
      expected.push(message(`${turn}a`), message(`${turn}b`), `${turn}c`, message(`${turn}é`));
      expected.push(message("x".repeat(turn * 1_000)), `ping ${turn}`, message(`${turn}d`));
      if (turn % 3 === 0) await setImmediate();
      if (turn % 7 === 0) await writer.drained();
    }
    pair.server.send("complete");
    expected.push("complete");
    await until(() => pair.received.length >= expected.length);
    expect(pair.received).toEqual(expected);
  },
);

test.each(NAMES)("on %s a close comes after what was sent before it", async (kind) => {
  await using pair = await openSocketPair(KINDS[kind]);
  const writer = writerOf(pair);
  const closed = once(pair.client, "close");
  send(writer, ...range(1, 100));
  pair.server.close(4000, "enough");
  // Nothing may follow a close.
  const { bytesWritten } = pair.upgrade.socket;
  send(writer, "more");
  expect(pair.upgrade.socket.bytesWritten).toBe(bytesWritten);
  expect(await closed).toMatchObject([4000, Buffer.from("enough")]);
  expect(pair.received).toEqual(range(1, 100).map(message));
});

test("what is sent in one turn of the event loop leaves together", async () => {
  await using pair = await openSocketPair();
  const writer = writerOf(pair);
  const connection = pair.upgrade.socket;
  const before = connection.bytesWritten - connection.writableLength;
  for (const i of range(1, 10)) send(writer, i);
  pair.server.send("last");
  const waiting = connection.writableLength;
  // All of it: headers of two bytes, and `last`.
  expect(waiting).toBe(range(1, 10).reduce((sum, i) => sum + 2 + message(i).length, 0) + 6);
  await setImmediate();
  expect(connection.writableLength).toBe(0);
  expect(connection.bytesWritten - before).toBe(waiting);
});

test.each(NAMES)(
  "on %s a client that does not read is waited for, until it reads",
  async (kind) => {
    await using pair = await openSocketPair(KINDS[kind]);
    const writer = writerOf(pair);
    pair.client.pause();
    const text = noise(LARGE);
    let isDrained = false;
    send(writer, text);
    const waiting = writer.drained()?.then(() => (isDrained = true));
    expect(waiting).toBeDefined();
    for (let turn = 0; turn < 100; turn++) await setImmediate();
    expect(isDrained).toBe(false);
    pair.client.resume();
    await waiting;
    await writer.drained();
    send(writer, "after");
    await until(() => pair.received.length === 2);
    expect(pair.received).toEqual([message(text), message("after")]);
  },
);

test.each(NAMES)("on %s whoever waits is told when the client vanishes", async (kind) => {
  await using pair = await openSocketPair(KINDS[kind]);
  const writer = writerOf(pair);
  pair.client.pause();
  send(writer, noise(LARGE));
  const waiting = writer.drained();
  expect(waiting).toBeDefined();
  pair.client.terminate();
  await waiting;
  // Nobody waits for ever, and nothing is thrown.
  await until(() => pair.server.readyState === pair.server.CLOSED);
  send(writer, "too late");
  await writer.drained();
  expect(pair.received).toEqual([]);
});

test("whoever has little to send need not wait", async () => {
  await using pair = await openSocketPair();
  const writer = writerOf(pair);
  send(writer, "little");
  expect(writer.drained()).toBeUndefined();
});

test("any number that wait for one socket listen to it once, and then not at all", async () => {
  await using pair = await openSocketPair();
  const writer = writerOf(pair);
  const connection = pair.upgrade.socket;
  const listeners = (): readonly number[] =>
    ["drain", "close"].map((name) => connection.listenerCount(name));
  const before = listeners();
  for (let round = 0; round < 20; round++) {
    pair.client.pause();
    send(writer, noise(LARGE));
    const waiting = range(1, 100).map(() => writer.drained());
    expect(waiting.every((one) => one !== undefined)).toBe(true);
    expect(listeners()).toEqual(before.map((count) => count + 1));
    pair.client.resume();
    await Promise.all(waiting);
    expect(listeners()).toEqual(before);
  }
});

test.each(NAMES)(
  "on %s those who share it send one after the other, so that little waits at a time",
  async (kind) => {
    await using pair = await openSocketPair(KINDS[kind]);
    const writer = writerOf(pair);
    const connection = pair.upgrade.socket;
    const text = noise(MB);
    const order: number[] = [];
    let most = 0;
    const sendThrice = async (who: number): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        const waiting = writer.drained();
        if (waiting) await waiting;
        send(writer, text);
        order.push(who);
        most = Math.max(most, connection.writableLength);
      }
    };
    pair.client.pause();
    const all = Promise.all(range(1, 20).map(sendThrice));
    for (let turn = 0; turn < 100; turn++) await setImmediate();
    expect(connection.writableLength).toBeLessThan(1.1 * MB);
    pair.client.resume();
    await all;
    expect(most).toBeLessThan(1.1 * MB);
    expect(order).toHaveLength(60);
    // The first need not wait; then nobody sends again before all others have.
    for (const at of [1, 21]) expect(new Set(order.slice(at, at + 20)).size).toBe(20);
    await until(() => pair.received.length === 60);
  },
);

test("a large message of which the client takes some makes progress, and of none makes none", async () => {
  await using pair = await openSocketPair();
  const writer = writerOf(pair);
  expect(writer.progress()).toBeUndefined();
  pair.client.pause();
  send(writer, noise(4 * LARGE));
  await until(() => writer.progress() !== undefined);
  let before = writer.progress();
  // Once the system's own buffers are full.
  for (let same = 0; same < 50;) {
    await setImmediate();
    const now = writer.progress();
    same = now === before ? same + 1 : 0;
    before = now;
  }
  pair.client.resume();
  await until(() => writer.progress() !== before);
  await until(() => writer.progress() === undefined);
});

/** Text that does not become shorter by compressing it. */
function noise(length: number): string {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    // A linear congruential generator (Numerical Recipes); of its bits the highest are the best.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = 0x20 + ((state >>> 24) % 0x5e);
  }
  return bytes.toString("latin1");
}
