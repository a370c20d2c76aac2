import assert from "node:assert/strict";
import type { BaseStore } from "@langchain/langgraph";
import type { Backend } from "../../backend.ts";
import type { ContractCase } from "../contract-case.ts";

/** LangGraph's long-term store, if there is one: as its `InMemoryStore` without an index. */
export const longTermStore: readonly ContractCase<Backend>[] = [
  {
    name: "an item of the store comes back with its place, its value and its times",
    run: withStore(async (store) => {
      const value = { name: "Ann", "a.b": [1, null, { c: "\u0000 🐋 ' \"" }] };
      await store.put(["users", "ann"], "profile", value);
      const item = await store.get(["users", "ann"], "profile");
      assert.ok(item && item.createdAt instanceof Date && item.updatedAt instanceof Date);
      const { namespace, key } = item;
      assert.deepEqual([namespace, key, item.value], [["users", "ann"], "profile", value]);
      assert.equal(await store.get(["users", "ann"], "other"), null);
      assert.equal(await store.get(["users"], "profile"), null);
    }),
  },
  {
    name: "an item of the store is replaced whole, and keeps the time of its creation",
    run: withStore(async (store) => {
      await store.put(["a"], "k", { one: 1 });
      const before = await store.get(["a"], "k").then((item) => item && { ...item });
      await store.put(["a"], "k", { two: 2 });
      const after = await store.get(["a"], "k");
      assert.deepEqual(after?.value, { two: 2 });
      assert.deepEqual(after?.createdAt, before?.createdAt);
      assert.ok(after && before && after.updatedAt >= before.updatedAt);
    }),
  },
  {
    name: "a deleted item of the store is gone, and deleting it again is no error",
    run: withStore(async (store) => {
      await store.put(["a"], "k", { n: 1 });
      await store.put(["a"], "l", { n: 2 });
      await store.delete(["a"], "k");
      await store.delete(["a"], "k");
      assert.equal(await store.get(["a"], "k"), null);
      assert.deepEqual(await found(store, ["a"]), ["a/l"]);
    }),
  },
  {
    name: "a search of the store finds what is in a namespace and below, not what begins alike",
    run: withStore(async (store) => {
      await fill(store);
      assert.deepEqual(await found(store, ["users"]), ["users/1", "users/ann/2", "users/ann/b/3"]);
      assert.deepEqual(await found(store, ["users", "ann"]), ["users/ann/2", "users/ann/b/3"]);
      assert.deepEqual(await found(store, ["nobody"]), []);
      assert.equal((await found(store, [])).length, 6);
    }),
  },
  {
    name: "a search of the store is filtered by equality and by operators, together",
    run: withStore(async (store) => {
      await fill(store);
      const by = async (filter: Record<string, unknown>) =>
        (await found(store, [], { filter })).map((place) => place.at(-1)).join("");
      assert.equal(await by({ n: 2 }), "2");
      assert.equal(await by({ n: { $gt: 2, $lte: 4 } }), "34");
      assert.equal(await by({ n: { $gte: 5 }, isOdd: true }), "5");
      assert.equal(await by({ n: { $lt: 3 } }), "12");
      assert.equal(await by({ isOdd: { $ne: true } }), "246");
      assert.equal(await by({ isOdd: { $eq: true } }), "135");
      assert.equal(await by({ n: { $in: [1, 6] } }), "16");
      assert.equal(await by({ n: { $nin: [1, 6] } }), "2345");
      assert.equal(await by({ missing: null }), "");
      assert.equal(await by({}), "123456");
    }),
  },
  {
    name: "a search of the store is paged, ten at a time unless told otherwise",
    run: withStore(async (store) => {
      const all = Array.from({ length: 25 }, (_, i) => `k${100 + i}`);
      for (const key of all) await store.put(["many"], key, { isEven: Number(key.slice(1)) % 2 });
      const keys = async (options: object) =>
        (await store.search(["many"], options)).map((item) => item.key);
      assert.deepEqual(await keys({}), all.slice(0, 10));
      assert.deepEqual(await keys({ offset: 20, limit: 10 }), all.slice(20));
      assert.deepEqual(await keys({ offset: 2, limit: 3, filter: { isEven: 0 } }), [
        "k104",
        "k106",
        "k108",
      ]);
      assert.deepEqual(await keys({ limit: 0 }), []);
      assert.deepEqual(await keys({ query: "anything", limit: 2 }), all.slice(0, 2));
    }),
  },
  {
    name: "namespaces of the store are listed by prefix, suffix and depth, in order",
    run: withStore(async (store) => {
      await fill(store);
      const all = [["other", "ann"], ["users"], ["users", "ann"], ["users", "ann", "b"]];
      const list = (options: object) => store.listNamespaces(options);
      assert.deepEqual(await list({}), [...all, ["users2"]]);
      assert.deepEqual(await list({ prefix: ["users"] }), all.slice(1));
      assert.deepEqual(await list({ suffix: ["ann"] }), [all[0], all[2]]);
      assert.deepEqual(await list({ prefix: ["*", "ann"] }), [all[0], all[2], all[3]]);
      assert.deepEqual(await list({ maxDepth: 1 }), [["other"], ["users"], ["users2"]]);
      assert.deepEqual(await list({ limit: 2, offset: 1 }), all.slice(1, 3));
    }),
  },
  {
    name: "a batch reads what was there before it, and of writes to one place keeps the last",
    run: withStore(async (store) => {
      await store.put(["a"], "k", { n: 1 });
      const [before] = await store.batch([
        { namespace: ["a"], key: "k" },
        { namespace: ["a"], key: "k", value: { n: 2 } },
        { namespace: ["a"], key: "k", value: { n: 3 } },
      ]);
      // The item itself may be a view of what is there; what matters is that it was found.
      assert.equal(before?.key, "k");
      assert.deepEqual((await store.get(["a"], "k"))?.value, { n: 3 });
      await store.batch([{ namespace: ["a"], key: "k", value: null }]);
      assert.equal(await store.get(["a"], "k"), null);
    }),
  },
];

function withStore(run: (store: BaseStore) => Promise<void>) {
  return async ({ store }: Backend): Promise<void> => {
    if (store) await run(store);
  };
}

async function fill(store: BaseStore): Promise<void> {
  const namespaces = [
    ["users"],
    ["users", "ann"],
    ["users", "ann", "b"],
    ["users2"],
    ["other", "ann"],
    ["other", "ann"],
  ];
  for (const [i, namespace] of namespaces.entries()) {
    await store.put(namespace, `${i + 1}`, { n: i + 1, isOdd: i % 2 === 0 });
  }
}

/** The places of what a search finds, in their order. */
async function found(
  store: BaseStore,
  namespace: string[],
  options: { readonly filter?: Record<string, unknown> } = {},
): Promise<string[]> {
  const items = await store.search(namespace, { limit: 100, ...options });
  return items.map((item) => [...item.namespace, item.key].join("/"));
}
