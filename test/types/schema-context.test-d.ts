import { expectTypeOf, test } from "vitest";
import type { Authenticate, SchemaContext, Viewer } from "../../src/index.ts";
import { anyOf, apiKeys, jwt } from "../../src/auth/index.ts";

test("a context names who asks, or nobody, and may have more of its server's own", () => {
  expectTypeOf<{ viewer: { id: string } }>().toExtend<SchemaContext>();
  expectTypeOf<{ viewer: { id: string; tenant: string }; db: object }>().toExtend<SchemaContext>();
  expectTypeOf<{ viewer: null }>().toExtend<SchemaContext>();
  expectTypeOf<object>().toExtend<SchemaContext>();
});

test("a name alone is no viewer", () => {
  expectTypeOf<{ viewer: string }>().not.toExtend<SchemaContext>();
  expectTypeOf<{ viewer: { id: number } }>().not.toExtend<SchemaContext>();
  expectTypeOf<{ tenant: string }>().not.toExtend<Viewer>();
});

test("ready ways to authenticate are hooks", () => {
  expectTypeOf(jwt).returns.toEqualTypeOf<Authenticate>();
  expectTypeOf(apiKeys).returns.toEqualTypeOf<Authenticate>();
  expectTypeOf(anyOf()).toEqualTypeOf<Authenticate>();
});
