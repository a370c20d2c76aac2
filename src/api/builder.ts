import SchemaBuilder from "@pothos/core";
import { GraphQLScalarType, Kind } from "graphql";
import { DateTimeResolver, JSONResolver } from "graphql-scalars";
import type { JsonValue } from "../json.ts";
import type { ApiContext } from "./context.ts";
import type { ScalarOverrides } from "./schema-options.ts";

/** What Pothos knows about our types. */
export interface ApiTypes {
  Context: ApiContext;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    JSON: { Input: JsonValue; Output: JsonValue };
    DateTime: { Input: Date; Output: Date };
    Cursor: { Input: string; Output: string };
  };
}

/** Fields are non-null unless they say otherwise: nullable means "may be absent". */
export type Builder = ReturnType<typeof createBuilder>;

/** Makes arguments of fields. */
export type Arg = Parameters<Parameters<Builder["queryField"]>[1]>[0]["arg"];

export function createBuilder(scalars: ScalarOverrides = {}) {
  const builder = new SchemaBuilder<ApiTypes>({ defaultFieldNullability: false });
  builder.addScalarType("JSON", scalars.JSON ?? JSONResolver);
  builder.addScalarType("DateTime", scalars.DateTime ?? DateTimeResolver);
  builder.addScalarType("Cursor", CursorScalar);
  return builder;
}

/** Passed through as text, so that the field which takes it can say what is wrong with it. */
const CursorScalar = new GraphQLScalarType<string, string>({
  name: "Cursor",
  description:
    "A place in a run's events, to resume from. Opaque: take it from a result's `extensions.cursor`, " +
    "from an event's `cursor` or from the SSE `id:`, and bring it back as `after`. The seq of an event does as well.",
  serialize: String,
  parseValue: String,
  parseLiteral: (node) =>
    node.kind === Kind.STRING || node.kind === Kind.INT ? node.value : "(not a string)",
});
