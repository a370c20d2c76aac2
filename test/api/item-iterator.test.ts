import { expect, test } from "vitest";
import { EventStream, type StreamItem } from "../../src/api/event-stream.ts";
import { written } from "../../src/testing/index.ts";
import { STREAM_OPTIONS } from "../support/event-stream-options.ts";
import { GivenPages } from "../support/event-stream-pages.ts";
import { readAll } from "../support/web-socket.ts";

const DONE = { done: true, value: undefined };

function open() {
  const pages = new GivenPages();
  let leaves = 0;
  const stream = new EventStream({
    ...STREAM_OPTIONS,
    follow: pages.follow,
    onLeave: () => (leaves += 1),
  });
  const iterator = stream[Symbol.asyncIterator]();
  return {
    pages,
    stream,
    iterator,
    give: (...seqs: readonly number[]) => pages.give(...seqs.map((seq) => written(seq, seq))),
    next: async () => seqOf(await iterator.next()),
    return: () => iterator.return?.(),
    get leaves() {
      return leaves;
    },
  };
}

/** The seq of a result that is not the end. */
function seqOf({ done, value }: IteratorResult<StreamItem, void>): number | "done" {
  return done === true ? "done" : value.event.seq;
}

test("gives the items of a batch one by one, and asks for the next when somebody wants more", async () => {
  const { pages, give, next } = open();
  const first = next();
  give(1, 2);
  expect([await first, await next(), pages.pulls]).toEqual([1, 2, 1]);
  const third = next();
  expect(pages.pulls).toBe(2);
  give(3);
  expect(await third).toBe(3);
});

test("nothing is read before the first call", () => {
  expect(open().pages.pulls).toBe(0);
});

test("concurrent calls are answered in their order, over batches", async () => {
  const { pages, give, next } = open();
  const calls = [next(), next(), next(), next(), next()];
  expect(pages.pulls).toBe(1);
  give(1, 2);
  expect(pages.pulls).toBe(2);
  give(3);
  give(4);
  pages.end();
  expect(await Promise.all(calls)).toEqual([1, 2, 3, 4, "done"]);
});

test("more calls than there are events all come to the end, and so do those after it", async () => {
  const opened = open();
  const calls = [opened.next(), opened.next(), opened.next()];
  opened.give(1);
  opened.pages.end();
  expect(await Promise.all(calls)).toEqual([1, "done", "done"]);
  expect([await opened.next(), opened.leaves]).toEqual(["done", 0]);
});

test("an error rejects the first call that waits, and ends it for the others", async () => {
  const { pages, next } = open();
  const calls = [next(), next(), next()];
  const error = new Error("The log is down");
  pages.fail(error);
  await expect(calls[0]).rejects.toBe(error);
  expect(await Promise.all(calls.slice(1))).toEqual(["done", "done"]);
  expect(await next()).toBe("done");
});

test("what came before an error is given first", async () => {
  const { pages, give, next } = open();
  const calls = [next(), next()];
  give(1);
  pages.fail(new Error("The log is down"));
  expect(await calls[0]).toBe(1);
  await expect(calls[1]).rejects.toThrow("The log is down");
});

test("return() ends calls that wait, at once, and lets go of the run", async () => {
  const opened = open();
  const calls = [opened.next(), opened.next()];
  expect(await opened.return()).toEqual(DONE);
  expect(await Promise.all(calls)).toEqual(["done", "done"]);
  expect([opened.pages.isClosed, opened.leaves]).toEqual([true, 1]);
});

test("return() gives up what is left of a batch", async () => {
  const opened = open();
  const first = opened.next();
  opened.give(1, 2, 3);
  await first;
  await opened.return();
  expect(await opened.next()).toBe("done");
  expect(opened.pages.pulls).toBe(1);
});

test("return() before the first call, twice, or after the end changes nothing more", async () => {
  const unread = open();
  expect([await unread.return(), await unread.return()]).toEqual([DONE, DONE]);
  expect([await unread.next(), unread.pages.pulls, unread.leaves]).toEqual(["done", 0, 1]);
  const read = open();
  const last = read.next();
  read.pages.end();
  await last;
  expect([await read.return(), read.leaves]).toEqual([DONE, 0]);
});

test("`for await` reads a stream to its end, and closes it on the way out", async () => {
  const read = open();
  const all = readAll(read.stream);
  read.give(1, 2);
  // One turn of the loop for each.
  await new Promise(setImmediate);
  read.pages.end();
  expect((await all).map(({ event }) => event.seq)).toEqual([1, 2]);

  const left = open();
  const reading = (async () => {
    for await (const { event } of left.stream) if (event.seq === 2) break;
  })();
  left.give(1, 2, 3);
  await reading;
  expect([left.pages.isClosed, left.leaves]).toEqual([true, 1]);
});
