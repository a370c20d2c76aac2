import { AIMessage, AIMessageChunk, HumanMessage, ToolMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { isJsonObject, jsonSize, toJson, type JsonValue } from "../src/json.ts";

type Table = readonly (readonly [what: string, value: unknown, json: JsonValue])[];

class Point {
  readonly x = 1;
  readonly #hidden = 2;
  readonly double = () => this.#hidden;
  get sum(): number {
    return this.x + this.#hidden;
  }
}

class Money {
  readonly cents = 150;
  valueOf(): number {
    return this.cents;
  }
}

const table: Table = [
  ["text", "text", "text"],
  ["a number", 1.5, 1.5],
  ["a truth value", true, true],
  ["null", null, null],
  ["a BigInt", 12345678901234567890n, "12345678901234567890"],
  ["a Date", new Date(0), "1970-01-01T00:00:00.000Z"],
  ["an invalid Date", new Date(Number.NaN), null],
  ["NaN", Number.NaN, null],
  ["Infinity", Infinity, null],
  ["-Infinity", -Infinity, null],
  ["minus zero, as in JSON text", -0, 0],
  ["a Map with text keys", new Map([["a", 1]]), { a: 1 }],
  [
    "a Map with other keys",
    new Map<unknown, unknown>([
      [1, "a"],
      ["b", 2],
    ]),
    [
      [1, "a"],
      ["b", 2],
    ],
  ],
  ["a Set", new Set([1, "a"]), [1, "a"]],
  ["an Error", new TypeError("no"), { name: "TypeError", message: "no" }],
  [
    "an Error with fields of its own",
    Object.assign(new Error("no"), { code: "ENOENT", stack: undefined }),
    { name: "Error", message: "no", code: "ENOENT" },
  ],
  ["a Buffer", Buffer.from("hello"), "aGVsbG8="],
  ["a part of a typed array's memory", new Uint8Array([1, 2, 3, 4]).subarray(1, 3), "AgM="],
  ["an ArrayBuffer", new Uint8Array([1, 2]).buffer, "AQI="],
  ["a URL", new URL("https://example.org/a?b"), "https://example.org/a?b"],
  ["a RegExp", /a+/giu, "/a+/giu"],
  ["a function", () => 1, null],
  ["a symbol", Symbol("a"), null],
  ["undefined", undefined, null],
  ["those in a list", [() => 1, Symbol("a"), undefined, 1], [null, null, null, 1]],
  ["those in an object", { a: () => 1, b: Symbol("a"), c: undefined, d: 1 }, { d: 1 }],
  ["those in a Map", new Map([["a", undefined]]), { a: null }],
  // oxlint-disable-next-line no-sparse-arrays
  ["a list with a hole", [1, , 3], [1, null, 3]],
  ["an object with toJSON", { secret: 1, toJSON: () => ({ shown: 2n }) }, { shown: "2" }],
  [
    "an instance with toJSON",
    new (class {
      toJSON = () => [1];
    })(),
    [1],
  ],
  [
    "an object whose toJSON returns itself",
    new (class {
      a = 1;
      toJSON() {
        return this;
      }
    })(),
    { a: 1 },
  ],
  ["an instance", new Point(), { x: 1 }],
  ["an instance with valueOf", new Money(), { cents: 150 }],
  ["a boxed primitive", new String("text"), "text"],
  ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ["an instance without the methods of Object", Object.create(Object.create(null)), {}],
  ["a Promise", Promise.resolve(1), {}],
];

describe("toJson", () => {
  const rows = table.map(([what, value, json]) => ({ what, value, json }));
  test.each(rows)("makes $json of $what", ({ value, json }) => {
    expect(toJson(value)).toStrictEqual(json);
    expect(toJson({ part: [value] })).toStrictEqual({ part: [json] });
  });

  describe("writes LangChain's messages as LangGraph's server does", () => {
    test("with their type and their fields", () => {
      expect(toJson(new HumanMessage({ content: "Hello", id: "1" }))).toStrictEqual({
        type: "human",
        content: "Hello",
        id: "1",
        additional_kwargs: {},
        response_metadata: {},
      });
    });

    test("with the calls of tools, and their results", () => {
      const call = {
        name: "search",
        args: { words: ["a"] },
        id: "call-1",
        type: "tool_call" as const,
      };

      expect(toJson(new AIMessage({ content: "", tool_calls: [call] }))).toMatchObject({
        type: "ai",
        tool_calls: [call],
      });
      expect(toJson(new ToolMessage({ content: "found", tool_call_id: "call-1" }))).toMatchObject({
        type: "tool",
        content: "found",
        tool_call_id: "call-1",
      });
    });

    test("and pieces of messages as messages", () => {
      expect(toJson([new AIMessageChunk("Hel")])).toMatchObject([{ type: "ai", content: "Hel" }]);
    });

    test("from whatever copy of the package they come", () => {
      class ForeignMessage {
        readonly lc_namespace = ["langchain_core", "messages"];
        getType(): string {
          return "ai";
        }
        toDict() {
          return { type: "ai", data: { content: "Hello", when: new Date(0) } };
        }
      }

      expect(toJson(new ForeignMessage())).toStrictEqual({
        type: "ai",
        content: "Hello",
        when: "1970-01-01T00:00:00.000Z",
      });
    });
  });

  test("says where a cycle comes back to itself, and repeats what is only shared", () => {
    const shared = { a: 1 };
    const value: Record<string, unknown> = { left: shared, right: shared };
    value["self"] = value;
    value["list"] = [value];

    expect(toJson(value)).toStrictEqual({
      left: { a: 1 },
      right: { a: 1 },
      self: "[Circular]",
      list: ["[Circular]"],
    });
  });

  test("loses a part that cannot be read, and no other", () => {
    const value = {
      before: 1,
      get broken(): number {
        throw new Error("no such luck");
      },
      get silent(): number {
        throw Object.create(null) as Error;
      },
      after: 2,
    };

    expect(toJson(value)).toStrictEqual({
      before: 1,
      broken: "[Unreadable: no such luck]",
      silent: "[Unreadable]",
      after: 2,
    });
  });

  test("goes 100 levels deep", () => {
    const nested = (levels: number): unknown => (levels === 0 ? [] : [nested(levels - 1)]);
    const text = (levels: number): string => JSON.stringify(toJson(nested(levels)));

    expect(text(99)).not.toContain("[Too deep]");
    expect(text(100)).toContain('["[Too deep]"]');
    expect(text(2_000)).toBe(text(100));
  });

  test("shows nothing of what happens to the source afterwards", () => {
    const source = { list: [1], map: new Map([["a", { b: 1 }]]), bytes: Buffer.from("a") };
    const copy = toJson(source);
    const text = JSON.stringify(copy);

    source.list.push(2);
    source.map.set("a", { b: 2 });
    source.bytes.fill(0);

    expect(JSON.stringify(copy)).toBe(text);
  });

  test("keeps fields named like those that objects have", () => {
    const hostile: unknown = JSON.parse(
      '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"toString":1}',
    );
    const copy = toJson({ hostile, map: new Map([["__proto__", { admin: true }]]) });

    expect(JSON.stringify(copy)).toBe(
      JSON.stringify({ hostile, map: JSON.parse('{"__proto__":{"admin":true}}') }),
    );
    expect(Object.getPrototypeOf(isJsonObject(copy) && copy["hostile"])).toBe(Object.prototype);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test("takes text of 10 MB as it is", () => {
    const text = "ä".repeat(10_000_000);

    expect(toJson({ text })).toStrictEqual({ text });
    expect(jsonSize({ text })).toBeGreaterThanOrEqual(text.length);
  });
});

describe("toJson never throws and always ends", () => {
  const traps: readonly (keyof ProxyHandler<object>)[] = [
    "get",
    "getPrototypeOf",
    "has",
    "ownKeys",
    "getOwnPropertyDescriptor",
  ];

  test.each(traps)("with a proxy that throws at %s", (trap) => {
    const thrower = (target: object): object =>
      new Proxy(target, {
        [trap]: () => {
          throw new Error("caught in a trap");
        },
      });

    for (const target of [{ a: 1 }, [1], new Map([[1, 1]]), new Point(), new Date()]) {
      expect(survives(toJson([thrower(target), "next"]))).toMatchObject([
        expect.anything(),
        "next",
      ]);
    }
  });

  test("with a proxy that was revoked, in place of a value and of an error", () => {
    const { proxy, revoke } = Proxy.revocable<Record<string, unknown>>({}, {});
    revoke();
    const value = {
      get a(): unknown {
        throw proxy as unknown as Error;
      },
    };

    expect(toJson([proxy])).toStrictEqual([expect.stringMatching(/^\[Unreadable: .*revoked\]$/)]);
    expect(toJson(value)).toStrictEqual({ a: "[Unreadable]" });
  });

  test("with methods and fields that are not what their names say", () => {
    class OddDate extends Date {
      override getTime(): number {
        return 1n as unknown as number;
      }
      override toISOString(): string {
        return 2n as unknown as string;
      }
    }
    const oddError = new Error("text");
    Object.defineProperty(oddError, "message", { value: 3n, enumerable: false });
    Object.defineProperty(oddError, "name", { value: Symbol("name"), enumerable: false });
    class OddMessage {
      readonly lc_namespace = [];
      getType = (): bigint => 4n;
      toDict = () => ({ data: {} });
    }

    const copy = survives(toJson([new OddDate(0), oddError, new OddMessage()]));

    expect(copy).toStrictEqual([
      "1970-01-01T00:00:00.000Z",
      { name: null, message: "3" },
      { type: "4" },
    ]);
  });

  test("with collections whose iterators have no end", () => {
    class EndlessMap extends Map<string, number> {
      override *entries(): MapIterator<[string, number]> {
        for (;;) yield ["a", 1];
      }
      override [Symbol.iterator](): MapIterator<[string, number]> {
        return this.entries();
      }
    }
    class EndlessSet extends Set<number> {
      override *[Symbol.iterator](): SetIterator<number> {
        for (;;) yield 1;
      }
    }

    expect(toJson(new EndlessMap([["b", 2]]))).toStrictEqual({ b: 2 });
    expect(toJson(new EndlessSet([2]))).toStrictEqual([2]);
  });

  test("with a toJSON that always has another one", () => {
    const endless = (): object => ({ toJSON: () => ({ next: endless(), more: endless() }) });

    expect(JSON.stringify(toJson(endless()))).toContain("[Too");
  });

  // Each of these would go on for hours.
  describe.each<[string, () => unknown]>([
    ["a proxy that has two of itself in it", endlessProxy],
    ["a list of any length", () => Object.assign([], { length: 2 ** 32 - 1 })],
    ["a list that grows while it is read", growingList],
    ["objects that are shared 2 to the power of 90 times", sharedObjects],
  ])("with %s", (_what, make) => {
    test("of which it gives the beginning, and says that it goes on", () => {
      const copy = toJson({ before: 1, endless: make(), after: 2 });

      expect(copy).toMatchObject({ before: 1, after: "[Too large]" });
      expect(countOf(copy)).toBeLessThan(5_100_000);
    });
  });
});

describe("properties of toJson", () => {
  test("of anything it makes a value that JSON text keeps", () => {
    fc.assert(
      fc.property(anything, (value) => {
        const json = toJson(value);
        return isDeepStrictEqual(JSON.parse(JSON.stringify(json)), json);
      }),
    );
  });

  test("a JSON value stays what it is, and is copied", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON text, and so a log, has no minus zero.
        const expected: unknown = JSON.parse(JSON.stringify(value));
        const copy = toJson(value);
        return isDeepStrictEqual(copy, expected) && !sharesObjects(value, copy);
      }),
    );
  });

  test("a value that is changed afterwards has been copied before", () => {
    fc.assert(
      fc.property(anything, (value) => {
        const copy = toJson(value);
        const text = JSON.stringify(copy);
        scramble(value);
        return JSON.stringify(copy) === text;
      }),
    );
  });
});

describe("jsonSize", () => {
  test("is a quarter of the length of the text at least, and eight times of it at most", () => {
    const plainText = fc.jsonValue({ stringUnit: fc.constantFrom("a", "b", "ü") });
    fc.assert(
      fc.property(plainText, (value) => {
        const { length } = JSON.stringify(value);
        const size = jsonSize(toJson(value));
        // Numbers count as 8 characters, and may have 1 or 25.
        return size >= length / 4 && size <= length * 8;
      }),
    );
  });
});

const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withObjectString: true,
  key: fc.oneof(fc.string(), fc.constantFrom("__proto__", "toJSON", "constructor", "length")),
});

function survives(value: JsonValue): unknown {
  return JSON.parse(JSON.stringify(value));
}

function endlessProxy(): object {
  return new Proxy(
    {},
    {
      get: (_target, key) =>
        typeof key === "string" && key !== "toJSON" ? endlessProxy() : undefined,
      has: () => false,
      ownKeys: () => ["a", "b"],
      getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: 1 }),
    },
  );
}

function growingList(): unknown {
  return new Proxy([] as number[], { get: (_target, key) => (key === "length" ? Infinity : 1) });
}

function sharedObjects(): unknown {
  let shared: object = {};
  for (let level = 0; level < 90; level++) shared = { a: shared, b: shared };
  return shared;
}

function countOf(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((count, part) => count + countOf(part), 1);
}

function sharesObjects(left: unknown, right: unknown): boolean {
  if (typeof left !== "object" || left === null) return false;
  if (left === right) return true;
  return Object.entries(left).some(([key, part]) =>
    sharesObjects(part, (right as Record<string, unknown>)[key]),
  );
}

/** Changes everything that can be changed in a value. */
function scramble(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Map || value instanceof Set) {
    for (const part of value.values()) scramble(part, seen);
    value.clear();
  } else if (value instanceof Date) {
    value.setTime(1);
  } else {
    for (const key of Object.keys(value)) {
      scramble((value as Record<string, unknown>)[key], seen);
      Reflect.set(value, key, 1);
    }
  }
}
