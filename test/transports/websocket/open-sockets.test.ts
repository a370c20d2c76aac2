import { once } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SocketPair } from "../../support/socket-pair.ts";
import { OpenSockets } from "../../../src/transports/websocket/open-sockets.ts";
import { openSocketPair } from "../../support/socket-pair.ts";
import { range } from "../../support/stepped.ts";
import { until } from "../../support/until.ts";

/** From one ping to the next. */
const EVERY_MS = 12_000;

const KIB = 1024;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

/** A socket that is looked after. */
async function openKept(sockets: OpenSockets): Promise<SocketPair> {
  const pair = await openSocketPair();
  sockets.add(pair.server, pair.upgrade.socket);
  return pair;
}

const pass = (times = 1): void => void vi.advanceTimersByTime(times * EVERY_MS);

const isOpen = ({ server }: SocketPair): boolean => server.readyState === server.OPEN;

test("a socket that answers stays, and one that does not is gone the next time", async () => {
  using sockets = new OpenSockets();
  await using answering = await openKept(sockets);
  await using vanished = await openKept(sockets);
  vanished.client.pause();
  const answer = once(answering.server, "pong");
  pass();
  await answer;
  expect([isOpen(answering), isOpen(vanished)]).toEqual([true, true]);
  pass();
  expect([isOpen(answering), isOpen(vanished)]).toEqual([true, false]);
});

test("one for which something waits here is left to those who see whether it takes any", async () => {
  using sockets = new OpenSockets();
  await using slow = await openKept(sockets);
  slow.client.pause();
  // More than any connection takes.
  slow.server.send(Buffer.alloc(32 * KIB * KIB));
  expect(slow.server.bufferedAmount).toBeGreaterThan(0);
  pass(20);
  expect(isOpen(slow)).toBe(true);
});

test("one that has much to take before it comes to the ping has more time to answer, and not for ever", async () => {
  using sockets = new OpenSockets();
  await using slow = await openKept(sockets);
  slow.client.pause();
  slow.server.send(Buffer.alloc(200 * KIB));
  await until(() => slow.server.bufferedAmount === 0);
  pass(4);
  expect(isOpen(slow)).toBe(true);
  const answer = once(slow.server, "pong");
  slow.client.resume();
  await answer;
  slow.client.pause();
  pass(2);
  expect(isOpen(slow)).toBe(false);
});

test("sockets are pinged one after the other, each once in that time, and never all at a time", async () => {
  using sockets = new OpenSockets();
  const pairs = await Promise.all(range(1, 12).map(() => openKept(sockets)));
  let pings = 0;
  for (const { server } of pairs) vi.spyOn(server, "ping").mockImplementation(() => void pings++);
  for (const turn of range(1, 120)) {
    vi.advanceTimersByTime(EVERY_MS / 120);
    expect(pings).toBe(Math.min(turn, 12));
  }
  await Promise.all(pairs.map((pair) => pair[Symbol.asyncDispose]()));
});

test("one timer looks after all, and none once it is disposed of", async () => {
  const sockets = new OpenSockets();
  await using _one = await openKept(sockets);
  await using _other = await openKept(sockets);
  expect(vi.getTimerCount()).toBe(1);
  sockets[Symbol.dispose]();
  expect(vi.getTimerCount()).toBe(0);
});
