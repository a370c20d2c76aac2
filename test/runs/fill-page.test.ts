import { describe, expect, test } from "vitest";
import { fillPage, MAX_LOOKS } from "../../src/runs/fill-page.ts";

interface Item {
  readonly id: string;
}

/** A list of so many, and how it is read. */
function listOf(length: number) {
  const items: readonly Item[] = Array.from({ length }, (_, i) => ({ id: String(i) }));
  const reads: number[] = [];
  const read = async ({ first, after }: { readonly first: number; readonly after?: string }) => {
    reads.push(first);
    const start = after === undefined ? 0 : Number(after) + 1;
    return { items: items.slice(start, start + first), hasMore: start + first < length };
  };
  return { items, read: read as Parameters<typeof fillPage<Item>>[0]["read"], reads };
}

const ids = (items: readonly Item[]) => items.map(({ id }) => id);

/** All pages from the first to the last. */
async function allPages(
  list: Pick<ReturnType<typeof listOf>, "read">,
  first: number,
  isShown: (item: Item) => Promise<boolean>,
) {
  const pages = [];
  let after: string | undefined;
  for (;;) {
    const page = await fillPage({ page: { first, after }, read: list.read, isShown });
    pages.push(page);
    if (!page.hasMore) return pages;
    expect(page.endCursor).not.toBeNull();
    after = page.endCursor ?? undefined;
  }
}

test("a list of which all is shown is read no further than the page", async () => {
  const { read, reads } = listOf(50);
  const page = await fillPage({ page: { first: 20 }, read, isShown: async () => true });
  expect([ids(page.items).at(-1), page.endCursor, page.hasMore]).toEqual(["19", "19", true]);
  expect(reads).toEqual([20]);
});

test("an empty list has no place to go on from", async () => {
  const page = await fillPage({
    page: { first: 5 },
    read: listOf(0).read,
    isShown: async () => true,
  });
  expect(page).toEqual({ items: [], hasMore: false, endCursor: null });
});

test("where nothing is shown a page is given up after so many looks, and the next goes on there", async () => {
  const list = listOf(MAX_LOOKS * 2 + 1);
  let looks = 0;
  const isShown = async () => {
    looks++;
    return false;
  };
  const page = await fillPage({ page: { first: 20 }, read: list.read, isShown });
  expect(page).toEqual({ items: [], hasMore: true, endCursor: String(MAX_LOOKS - 1) });
  expect(looks).toBe(MAX_LOOKS);
  expect(list.reads.length).toBeLessThan(10);
  expect((await allPages(list, 20, isShown)).map(({ hasMore }) => hasMore)).toEqual([
    true,
    true,
    false,
  ]);
});

describe.each([1, 3, 20, 100])("pages of %i", (first) => {
  test.each([1, 2, 7, 90, 600])("have each of what is shown once, one in %i", async (every) => {
    const list = listOf(2_000);
    const isShown = async ({ id }: Item) => Number(id) % every === every - 1;
    const pages = await allPages(list, first, isShown);
    const expected = list.items.filter(({ id }) => Number(id) % every === every - 1);
    expect(pages.flatMap(({ items }) => ids(items))).toEqual(ids(expected));
    for (const { items } of pages) expect(items.length).toBeLessThanOrEqual(first);
  });
});
