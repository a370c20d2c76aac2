import { type as arktype } from "arktype";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { z as zod3 } from "zod/v3";
import { defineEvents } from "../../src/workflows/define-events.ts";
import { readEvent, type EventTypes } from "../../src/workflows/event-types.ts";

const typesOf = (schemas: Parameters<typeof defineEvents>[0]): EventTypes =>
  new Map(Object.entries(defineEvents(schemas).schemas));

describe.each([
  ["Zod 4", z.object({ url: z.string(), tags: z.array(z.string()) })],
  ["Zod 3", zod3.object({ url: zod3.string(), tags: zod3.array(zod3.string()) })],
  ["ArkType", arktype({ url: "string", tags: "string[]" })],
])("an event declared with %s", (_name, schema) => {
  const types = typesOf({ citation: schema });

  test("is what a payload of its shape is", () => {
    const fields = { url: "https://example.org", tags: [] };
    expect(readEvent({ type: "citation", ...fields }, types)).toEqual({
      event: "citation",
      data: fields,
    });
  });

  test("is not what another payload is, which says where", () => {
    expect(readEvent({ type: "citation", url: "", tags: ["a", 2] }, types)).toMatchObject({
      event: null,
      problems: [{ path: ["tags", "1"], message: expect.stringMatching(/string/) as string }],
    });
  });
});

test("what the schema makes of a payload is what readers get", () => {
  const types = typesOf({
    zod: z.object({ n: z.number().default(1) }),
    zod3: zod3.object({ n: zod3.number().default(1) }),
    ark: arktype({ n: "number = 1" }),
  });
  for (const event of types.keys()) {
    expect(readEvent({ type: event }, types)).toEqual({ event, data: { n: 1 } });
  }
});

describe("a schema that cannot be asked at once", () => {
  test.each([
    ["is asynchronous", z.object({ n: z.number().refine(async () => Promise.resolve(true)) })],
    [
      "throws",
      z.object({
        n: z.number().refine(() => {
          throw new Error("no network");
        }),
      }),
    ],
  ])("makes a payload no event, and harms nobody: one that %s", (_what, schema) => {
    expect(readEvent({ type: "slow", n: 1 }, typesOf({ slow: schema }))).toMatchObject({
      event: null,
      problems: [{ path: [], message: expect.stringMatching(/^The payload cannot be checked: /) }],
    });
  });
});
