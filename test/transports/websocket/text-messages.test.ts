import fc from "fast-check";
import { expect, test } from "vitest";
import { textMessages } from "../../../src/transports/websocket/text-messages.ts";
import { openSocketPair } from "../../support/socket-pair.ts";
import { until } from "../../support/until.ts";

/** Where the length of a message is written in another way, and just beside. */
const LENGTHS = [0, 1, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537, 100_000];

/** Of one byte to four. */
const CHARACTERS = ["x", "é", "漢", "😀"];

const character = fc.constantFrom(...CHARACTERS);
const around = fc.string({ unit: fc.constantFrom('"', "{", "é", "\u0000", "\n"), maxLength: 40 });

/** A message of so many bytes in all; of as many as it takes where head and tail have more. */
const body = fc.tuple(fc.oneof(fc.constantFrom(...LENGTHS), fc.nat(300)), character);

test("a client reads back exactly the messages, whatever their lengths and however many there are", async () => {
  await using pair = await openSocketPair();
  const connection = pair.upgrade.socket;
  let before = 0;
  await fc.assert(
    fc.asyncProperty(
      around,
      fc.array(body, { maxLength: 20 }),
      around,
      async (head, bodies, tail) => {
        const [first, last] = [Buffer.from(head), Buffer.from(tail)];
        const texts = bodies.map(([length, filler]) =>
          textOf(length - first.length - last.length, filler),
        );
        connection.write(
          textMessages(
            first,
            texts.map((text) => Buffer.from(text)),
            last,
          ),
        );
        await until(() => pair.received.length >= before + texts.length);
        const received = pair.received.slice(before);
        expect(received).toEqual(texts.map((text) => head + text + tail));
        before += texts.length;
      },
    ),
  );
  // The client took nothing of it for a fault.
  expect(pair.client.readyState).toBe(pair.client.OPEN);
});

test("a thousand messages are one buffer", async () => {
  await using pair = await openSocketPair();
  const texts = Array.from({ length: 1_000 }, (_, i) => textOf(i % 200, "é"));
  const bodies = texts.map((text) => Buffer.from(text));
  pair.upgrade.socket.write(textMessages(Buffer.from("["), bodies, Buffer.from("]")));
  await until(() => pair.received.length === 1_000);
  expect(pair.received).toEqual(texts.map((text) => `[${text}]`));
});

/** Lengths, and how many bytes come before messages of them (RFC 6455 §5.2: as few as may be). */
const HEADERS: readonly (readonly [length: number, header: number])[] = [
  [0, 2],
  [125, 2],
  [126, 4],
  [65_535, 4],
  [65_536, 10],
];

test.each(HEADERS)(
  "before a message of %i bytes come %i that tell its length",
  (length, header) => {
    const [head, tail] = [Buffer.from(""), Buffer.from("")];
    expect(textMessages(head, [Buffer.alloc(length)], tail)).toHaveLength(header + length);
  },
);

/** Of so many bytes, with as many of a character as have room. */
function textOf(bytes: number, filler: string): string {
  const room = Math.max(0, bytes);
  const size = Buffer.byteLength(filler);
  return filler.repeat(Math.floor(room / size)) + "x".repeat(room % size);
}
