import { z } from "zod";
import { DIALECT } from "./json-schema.ts";
import type { Zod4Schema } from "./zod.ts";

/**
 * JSON Schema of a Zod 4 schema. What it has no word for is `{}`; dates and bigints are the text
 * that JSON has them as, with a mark of what they are.
 */
export function zod4ToJsonSchema(schema: Zod4Schema, io: "input" | "output"): object {
  try {
    return convert(schema, io);
  } catch {
    // One part has cost the whole: two schemas of one id, a `z.lazy` that throws.
    return convertParts(schema, io, []);
  }
}

type Options = Required<Pick<z.core.ToJSONSchemaParams, "io" | "unrepresentable" | "override">>;

function convert(schema: Zod4Schema, io: "input" | "output"): object {
  const options: Options = { io, unrepresentable: "any", override };
  // Another copy of Zod has its own registry of ids and descriptions, and knows its own schemas best.
  return "toJSONSchema" in schema && typeof schema.toJSONSchema === "function"
    ? (schema.toJSONSchema(options) as object)
    : z.toJSONSchema(schema, options);
}

const override: Options["override"] = ({ zodSchema, jsonSchema }) => {
  const { type } = zodSchema._zod.def;
  if (type === "date") {
    Object.assign(jsonSchema, { type: "string", format: "date-time", "x-javascript": "Date" });
  }
  if (type === "bigint") Object.assign(jsonSchema, { type: "string", "x-javascript": "bigint" });
  // Zod 4 as part of a Zod 3 package (`zod@3.25`) keeps them in a registry that only it reads.
  const { description } = zodSchema as { readonly description?: string };
  if (description !== undefined) jsonSchema.description ??= description;
};

/** As {@link convert}, one part after the other, each a document of its own. */
function convertParts(
  schema: Zod4Schema,
  io: "input" | "output",
  ancestors: readonly Zod4Schema[],
): object {
  if (ancestors.includes(schema)) return {};
  const part = (inner: Zod4Schema): object => {
    try {
      return convert(inner, io);
    } catch {
      return convertParts(inner, io, [...ancestors, schema]);
    }
  };
  const { def } = schema._zod as z.core.$ZodTypes["_zod"];
  switch (def.type) {
    case "object": {
      const fields = Object.entries(def.shape);
      const optionality = io === "input" ? "optin" : "optout";
      return {
        $schema: DIALECT,
        type: "object",
        properties: Object.fromEntries(fields.map(([name, field]) => [name, part(field)])),
        required: fields.flatMap(([name, field]) =>
          field._zod[optionality] === "optional" ? [] : [name],
        ),
      };
    }
    case "array":
      return { $schema: DIALECT, type: "array", items: part(def.element) };
    case "nullable":
      return { $schema: DIALECT, anyOf: [part(def.innerType), { type: "null" }] };
    case "optional":
    case "default":
    case "readonly":
      return part(def.innerType);
    default:
      return {};
  }
}
