import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { apiKeys } from "../../src/auth/index.ts";

const BILLING = "0123456789abcdef-billing";
const SEARCH = "0123456789abcdef-search";
const authenticate = apiKeys({ [BILLING]: { id: "billing" }, [SEARCH]: { id: "search" } });

test.each<
  [what: string, token: string | null, headers: Record<string, string>, string | undefined]
>([
  ["a key as a bearer's token", BILLING, {}, "billing"],
  ["a key in its header", null, { "x-api-key": SEARCH }, "search"],
  ["another key", "0123456789abcdef-others", {}, undefined],
  ["the beginning of a key", BILLING.slice(0, -1), {}, undefined],
  ["no key", null, {}, undefined],
  ["an empty key", null, { "x-api-key": "" }, undefined],
  ["what every object has", "constructor", {}, undefined],
])("%s", async (_what, token, headers, id) => {
  const answer = await authenticate({ token, headers: new Headers(headers) });
  expect(answer?.viewer.id).toBe(id);
});

test("keys may be looked up by their hash, so that nobody keeps them", async () => {
  const sha256 = createHash("sha256").update(BILLING).digest("hex");
  const found = apiKeys(async (hash) => (hash === sha256 ? { id: "billing" } : null), {
    header: "x-key",
  });
  const headers = (key: string) => new Headers({ "x-key": key });
  expect(await found({ token: null, headers: headers(BILLING) })).toEqual({
    viewer: { id: "billing" },
  });
  expect(await found({ token: null, headers: headers(SEARCH) })).toBeNull();
});

test("a key that can be guessed is refused", () => {
  expect(() => apiKeys({ "": { id: "anybody" } })).toThrow(
    expect.objectContaining({ code: "CONFIG" }),
  );
});
