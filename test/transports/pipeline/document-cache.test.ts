import { expect, test } from "vitest";
import { DocumentCache } from "../../../src/transports/pipeline/document-cache.ts";
import { usedBytes } from "../../support/collect-garbage.ts";
import { report } from "../../support/graphs.ts";
import { post } from "../../support/http.ts";
import { startService } from "../../support/service.ts";

const MB = 1_000_000;

test("a cache keeps the documents that were used last, as far as they are a megabyte together", () => {
  const cache = new DocumentCache<number>();
  const document = (i: number): string => `${i} ${"x".repeat(99 * 1024)}`;
  for (let i = 0; i < 10; i++) cache.set(document(i), i);
  expect(cache.get(document(0))).toBe(0);
  cache.set(document(10), 10);
  expect(cache.get(document(1))).toBeUndefined();
  for (const kept of [0, 2, 9, 10]) expect(cache.get(document(kept))).toBe(kept);
  // Again, and once more: it counts once.
  for (let i = 0; i < 20; i++) cache.set(document(10), i);
  expect([cache.get(document(10)), cache.get(document(2))]).toEqual([19, 2]);
});

test("short documents are forgotten, too, and one that is too large at once", () => {
  const cache = new DocumentCache<number>();
  for (let i = 0; i < 2_000; i++) cache.set(String(i), i);
  expect([cache.get("0"), cache.get("1999")]).toEqual([undefined, 1999]);
  const large = "x".repeat(2 * 1024 * 1024);
  cache.set(large, 1);
  expect(cache.get(large)).toBeUndefined();
  cache.set("a", 1);
  expect(cache.get("a")).toBe(1);
});

test.each([
  ["documents", "{ workflows { name } }"],
  ["what is none", "{ workflows( { name } }"],
])("a server keeps no more of many large %s than of one", async (_what, document) => {
  await using service = await startService({ workflows: { report } });
  const send = (i: number) => post(service.url, { query: `${document} # ${i} ${"x".repeat(MB)}` });
  for (let i = 0; i < 3; i++) await send(i);
  const before = await usedBytes();
  for (let i = 3; i < 33; i++) await send(i);
  expect((await usedBytes()) - before).toBeLessThan(10 * MB);
});
