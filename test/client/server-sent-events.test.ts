import fc from "fast-check";
import { expect, test } from "vitest";
import { readServerSentEvents } from "../../src/client/server-sent-events.ts";
import { readAll } from "../support/web-socket.ts";

async function* inPieces(pieces: readonly string[]): AsyncGenerator<string, void> {
  yield* pieces;
}

const read = (...pieces: readonly string[]) => readAll(readServerSentEvents(inPieces(pieces)));

test("a block is what its fields say, with the last id of the stream", async () => {
  expect(await read("id: 1\nevent: next\ndata: a\n\nevent:next\ndata:b\n\n")).toEqual([
    { id: "1", event: "next", data: "a" },
    { id: "1", event: "next", data: "b" },
  ]);
});

test("a block with only an id moves the id", async () => {
  expect(await read("id: 7\n\n")).toEqual([{ id: "7", event: "message", data: undefined }]);
});

test("lines of data are joined, comments and unknown fields passed over", async () => {
  expect(await read(":\n\n: hello\ndata: a\nretry: 5\ndata\ndata:  b\n\n")).toEqual([
    { id: undefined, event: "message", data: "a\n\n b" },
  ]);
});

test("a last block that is not whole is dropped", async () => {
  expect(await read("data: a\n\ndata: b\n")).toEqual([
    { id: undefined, event: "message", data: "a" },
  ]);
});

test("an id with a null character is none", async () => {
  expect(await read("id: 1\n\nid: 2\0\ndata: a\n\n")).toMatchObject([{ id: "1" }, { id: "1" }]);
});

test("however the text is cut into pieces, and whatever ends its lines, the blocks are the same", async () => {
  const block = fc.record({ id: fc.nat(), data: fc.array(fc.stringMatching(/^[a-z :]*$/)) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(block),
      fc.constantFrom("\n", "\r", "\r\n"),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      async (blocks, newline, lengths) => {
        const lines = blocks.flatMap(({ id, data }) => [
          `id: ${id}`,
          ...data.map((line) => `data: ${line}`),
          "",
        ]);
        // A comment: a carriage return at the very end is not known to be a whole line break.
        const text = [...lines, ":"].join(newline);
        const pieces: string[] = [];
        for (let at = 0; at < text.length; at += pieces.at(-1)?.length ?? 0) {
          pieces.push(text.slice(at, at + (lengths.next().value as number)));
        }
        expect(await read(...pieces)).toEqual(
          blocks.map(({ id, data }) => ({
            id: String(id),
            event: "message",
            data: data.length > 0 ? data.join("\n") : undefined,
          })),
        );
      },
    ),
  );
});
