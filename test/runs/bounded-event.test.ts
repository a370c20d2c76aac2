import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EventBody, MessageBody, StateBody } from "../../src/events/run-event.ts";
import { isJsonObject, jsonSize, type JsonObject, type JsonValue } from "../../src/json.ts";
import { bounded, sized, type SizedBody } from "../../src/runs/bounded-event.ts";

const BOUNDS = { maxEventBytes: 100, maxStateBytes: 100 };

const bound = (body: EventBody): SizedBody => bounded(body, BOUNDS);

describe("what is no larger than it may be", () => {
  test.each<EventBody>([
    { kind: "written", event: "progress", payload: { type: "progress", current: 1 } },
    { kind: "written", event: null, payload: "x".repeat(98), problems: [] },
    { kind: "message", messageId: "1", content: "Hi", message: { content: "Hi" } },
    { kind: "state", changes: { text: "x".repeat(80) } },
    { kind: "node", phase: "started" },
    { kind: "status", status: "succeeded", output: "x".repeat(10_000) },
  ])("stays as it is: %j", (body) => {
    expect(bound(body)).toEqual(sized(body));
    expect(bound(body).body).toBe(body);
  });
});

describe("a written payload that is larger", () => {
  test("goes, and the event says how large it was, and keeps its type", () => {
    const payload = { type: "citation", text: "x".repeat(200) };
    expect(bound({ kind: "written", event: "citation", payload }).body).toEqual({
      kind: "written",
      event: null,
      payload: null,
      type: "citation",
      problems: [
        {
          path: [],
          message:
            "It has 230 bytes of JSON, and may have 100: write it in pieces, or keep it elsewhere " +
            "and write where it is, or raise limits.maxEventBytes",
        },
      ],
    });
  });

  test.each([["x".repeat(200)], [{ type: 1, text: "x".repeat(200) }], [{ type: "x".repeat(201) }]])(
    "keeps no type that is none, or large itself: %j",
    (payload) => {
      expect(
        bound({ kind: "written", event: null, payload, problems: [] }).body,
      ).not.toHaveProperty("type");
    },
  );

  test("counts what its schema made of it, too", () => {
    const payload = { type: "citation", text: "x".repeat(40) };
    const body: EventBody = { kind: "written", event: "citation", payload };
    expect(bound(body).body).toBe(body);
    expect(bound({ ...body, data: { text: "y".repeat(40) } }).body).toMatchObject({
      payload: null,
    });
  });
});

describe("a message that is larger", () => {
  const message = (content: string, more: JsonObject = {}): MessageBody => ({
    kind: "message",
    messageId: "1",
    content,
    message: { content, ...more },
  });

  test("keeps its text, where that is small enough, without the rest", () => {
    const { body } = bound(message("Hi", { image: "x".repeat(200) }));
    expect(body).toEqual({ kind: "message", messageId: "1", content: "Hi", message: null });
  });

  test("has its text cut, and says so in it", () => {
    const { body } = bound(message("x".repeat(200)));
    const content = `${"x".repeat(100)} [100 more characters: beyond limits.maxEventBytes]`;
    expect(body).toEqual({ kind: "message", messageId: "1", content, message: null });
  });

  test("is never cut in the middle of a character", () => {
    for (const before of ["", "x"]) {
      const { content } = bound(message(before + "😀".repeat(100))).body as MessageBody;
      expect(Buffer.from(content).toString()).toBe(content);
      expect(content).toContain("😀 [");
    }
  });
});

describe("changes of the state that are larger", () => {
  const state = (changes: JsonValue): StateBody =>
    bound({ kind: "state", changes }).body as StateBody;

  test("lose their largest keys, which are named", () => {
    const small = { a: 1, b: "x".repeat(20), c: "y" };
    expect(state({ large: "x".repeat(90), ...small, larger: "x".repeat(500) })).toEqual({
      kind: "state",
      changes: small,
      truncatedKeys: ["larger", "large"],
    });
  });

  test("lose them in all that a node gave, where it gave several", () => {
    const changes = [{ large: "x".repeat(60), a: 1 }, { large: "x".repeat(60) }, null];
    expect(state(changes)).toEqual({
      kind: "state",
      changes: [{ a: 1 }, {}, null],
      truncatedKeys: ["large"],
    });
  });

  test.each<[what: string, changes: JsonValue]>([
    ["text", "x".repeat(200)],
    ["a list of numbers", Array.from({ length: 200 }, () => 1)],
    [
      "an object of more names than there may be",
      Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`key${i}`, 1])),
    ],
  ])("go as a whole where no keys could be left out or named: %s", (_what, changes) => {
    expect(state(changes)).toEqual({ kind: "state", changes: "[Too large]" });
  });

  test("whatever they are: what is kept is no larger than it may be, and nothing is unnamed", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (value) => {
        const changes = value as JsonObject;
        const { changes: kept, truncatedKeys = [] } = state(changes);
        expect(jsonSize(kept)).toBeLessThanOrEqual(100);
        if (!isJsonObject(kept)) return expect(kept).toBe("[Too large]");
        expect([...Object.keys(kept), ...truncatedKeys].sort()).toEqual(
          Object.keys(changes).sort(),
        );
        for (const [key, item] of Object.entries(kept)) expect(item).toBe(changes[key]);
      }),
    );
  });
});
