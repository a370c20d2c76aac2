import { DIALECT, inlineRoot, mapDeep, type JsonSchema } from "./json-schema.ts";
import { normalizeJsonSchema } from "./normalize-json-schema.ts";
import {
  isStandardJsonSchema,
  isStandardSchema,
  validateNow,
  type StandardJsonSchemaV1,
  type StandardSchemaV1,
} from "./standard-schema.ts";
import { fieldsOf, isStateSchema, type StateSchemaLike } from "./state-schema.ts";
import { zod3ToJsonSchema } from "./zod3-json-schema.ts";
import { zod4ToJsonSchema } from "./zod4-json-schema.ts";
import { isZod3, isZod4 } from "./zod.ts";

/** Which side of a schema: what it takes, or what it makes of that. */
export type Side = "input" | "output";

/**
 * What a schema of any kind (Zod 3 or 4, `StateSchema`, Standard Schema, JSON Schema itself) allows
 * on one side. A part that JSON Schema has no word for is `{}` and costs nothing else. Never throws.
 */
export function toJsonSchema(schema: unknown, io: Side): JsonSchema {
  const converted = inlineRoot(convert(schema, io));
  const defaults = defaultsOf(converted);
  if (defaults.size === 0) return converted;
  // A default can be made by a function, which cannot be told from a constant but by asking twice.
  awaitNextMillisecond();
  const again = defaultsOf(inlineRoot(convert(schema, io)));
  return mapDeep(converted, (part, pointer) => {
    if (defaults.get(pointer) === again.get(pointer)) return part;
    const { default: _changing, ...rest } = part;
    return rest;
  });
}

function convert(schema: unknown, io: Side): JsonSchema {
  try {
    return isArkType(schema)
      ? normalizeJsonSchema(standardToJsonSchema(schema, io, ARKTYPE_OPTIONS), ARKTYPE_NAME)
      : normalizeJsonSchema(toDocument(schema, io));
  } catch {
    return {};
  }
}

/** JSON Schema as the schema's own library makes it. */
function toDocument(schema: unknown, io: Side): object {
  if (isStateSchema(schema)) return stateSchemaToJsonSchema(schema, io);
  if (isZod4(schema)) return zod4ToJsonSchema(schema, io);
  if (isZod3(schema)) return zod3ToJsonSchema(schema, io);
  if (isStandardJsonSchema(schema)) return standardToJsonSchema(schema, io);
  if (isStandardSchema(schema)) return {};
  return typeof schema === "object" && schema !== null ? schema : {};
}

function stateSchemaToJsonSchema(schema: StateSchemaLike, io: Side): object {
  const properties: Record<string, object> = {};
  const required: string[] = [];
  for (const [key, { value, input, extra }] of fieldsOf(schema)) {
    const field = convert(io === "input" ? input : value, io);
    properties[key] = { $schema: DIALECT, ...field, ...extra };
    if (io === "output" && isNeverAbsent(value)) required.push(key);
  }
  return { type: "object", properties, required };
}

/** Whether a field has a value even where none is given, or has none that may be left out. */
function isNeverAbsent(schema: StandardSchemaV1 | undefined): boolean {
  try {
    const result = schema && validateNow(schema, undefined);
    return result !== undefined && (result.issues !== undefined || result.value !== undefined);
  } catch {
    return false;
  }
}

function standardToJsonSchema(
  schema: StandardJsonSchemaV1,
  io: Side,
  libraryOptions?: object,
): object {
  const { jsonSchema } = schema["~standard"];
  try {
    return jsonSchema[io]({ target: "draft-2020-12", libraryOptions });
  } catch {
    return jsonSchema[io]({ target: "draft-07", libraryOptions });
  }
}

function isArkType(schema: unknown): schema is StandardJsonSchemaV1 {
  return isStandardJsonSchema(schema) && schema["~standard"].vendor === "arktype";
}

/** How ArkType names what has no name: its kind, and a number of the process. */
const ARKTYPE_NAME = /^[a-z]+\d+$/;

interface ArkTypeContext {
  readonly base: object;
  readonly domain?: unknown;
}

/** ArkType asks what to say of a part that JSON Schema has no word for. */
const ARKTYPE_OPTIONS = {
  fallback: {
    date: ({ base }: ArkTypeContext) => ({
      ...base,
      type: "string",
      format: "date-time",
      "x-javascript": "Date",
    }),
    domain: ({ base, domain }: ArkTypeContext) =>
      domain === "bigint" ? { ...base, type: "string", "x-javascript": "bigint" } : base,
  },
};

function defaultsOf(schema: JsonSchema): ReadonlyMap<string, string> {
  const defaults = new Map<string, string>();
  mapDeep(schema, (part, pointer) => {
    if ("default" in part) defaults.set(pointer, JSON.stringify(part.default));
    return part;
  });
  return defaults;
}

function awaitNextMillisecond(): void {
  const now = Date.now();
  // A clock that a test has stopped does not go on.
  for (let looks = 0; looks < 1_000_000 && Date.now() === now; looks++);
}
