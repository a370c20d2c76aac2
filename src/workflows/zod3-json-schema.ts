import { DIALECT, type JsonSchema } from "./json-schema.ts";
import { isZod3, type Zod3Schema } from "./zod.ts";

/**
 * JSON Schema of a Zod 3 schema, which has no way of its own to make it; LangChain's drops dates,
 * bigints and the difference between the two sides. What JSON has no word for is `{}`.
 */
export function zod3ToJsonSchema(schema: Zod3Schema, io: "input" | "output"): object {
  const cyclic = new Set<Zod3Schema>();
  // Twice: where a schema contains itself is known when all of it has been seen.
  new Conversion(io, cyclic).convert(schema);
  const conversion = new Conversion(io, cyclic);
  const root = conversion.convert(schema);
  return { $schema: DIALECT, ...root, $defs: conversion.definitions };
}

/** What is read of `_def`, over all kinds of schemas. */
interface Def {
  readonly typeName: string;
  readonly description?: string;
  readonly checks?: readonly Check[];
  readonly value?: unknown;
  readonly values?: unknown;
  readonly type?: unknown;
  readonly innerType?: unknown;
  readonly valueType?: unknown;
  readonly items?: readonly unknown[];
  readonly options?: readonly unknown[] | ReadonlyMap<unknown, unknown>;
  readonly left?: unknown;
  readonly right?: unknown;
  readonly in?: unknown;
  readonly out?: unknown;
  readonly schema?: unknown;
  readonly effect?: { readonly type: "refinement" | "transform" | "preprocess" };
  readonly getter?: () => unknown;
  readonly defaultValue?: () => unknown;
  readonly unknownKeys?: "strict" | "strip" | "passthrough";
}

interface Check {
  readonly kind: string;
  readonly value?: unknown;
  readonly inclusive?: boolean;
}

interface Zod3Object extends Zod3Schema {
  readonly shape: Readonly<Record<string, Zod3Schema & { isOptional(): boolean }>>;
}

class Conversion {
  readonly definitions: Record<string, JsonSchema> = {};
  readonly #io: "input" | "output";
  readonly #cyclic: Set<Zod3Schema>;
  readonly #names = new Map<Zod3Schema, string>();
  readonly #ancestors: Zod3Schema[] = [];

  constructor(io: "input" | "output", cyclic: Set<Zod3Schema>) {
    this.#io = io;
    this.#cyclic = cyclic;
  }

  convert(schema: unknown): JsonSchema {
    if (!isZod3(schema)) return {};
    const name = this.#names.get(schema);
    if (name !== undefined) return { $ref: `#/$defs/${name}` };
    if (this.#ancestors.includes(schema)) {
      this.#cyclic.add(schema);
      return {};
    }
    return this.#cyclic.has(schema) ? this.#define(schema) : this.#describe(schema);
  }

  #define(schema: Zod3Schema): JsonSchema {
    const name = `__schema${this.#names.size}`;
    this.#names.set(schema, name);
    this.definitions[name] = this.#describe(schema);
    return { $ref: `#/$defs/${name}` };
  }

  #describe(schema: Zod3Schema): JsonSchema {
    const { description } = schema._def as Def;
    this.#ancestors.push(schema);
    try {
      const converted = this.#convertKind(schema);
      return description === undefined ? converted : { ...converted, description };
    } catch {
      // A `z.lazy` that throws, a native enum that is none.
      return {};
    } finally {
      this.#ancestors.pop();
    }
  }

  #convertKind(schema: Zod3Schema): JsonSchema {
    const def = schema._def as Def;
    switch (def.typeName) {
      case "ZodString":
        return { type: "string", ...formatOf(def.checks ?? []) };
      case "ZodNumber":
        return numberOf(def.checks ?? []);
      case "ZodBoolean":
        return { type: "boolean" };
      case "ZodDate":
        return { type: "string", format: "date-time", "x-javascript": "Date" };
      case "ZodBigInt":
        return { type: "string", "x-javascript": "bigint" };
      case "ZodNull":
        return { type: "null" };
      case "ZodLiteral":
        return isJsonPrimitive(def.value) ? { const: def.value } : {};
      case "ZodEnum":
        return { type: "string", enum: def.values as readonly string[] };
      case "ZodNativeEnum":
        return { enum: enumValues(def.values as Readonly<Record<string, unknown>>) };
      case "ZodArray":
        return { type: "array", items: this.convert(def.type) };
      case "ZodTuple":
        return {
          type: "array",
          prefixItems: (def.items ?? []).map((item) => this.convert(item)),
          items: false,
        };
      case "ZodObject":
        return this.#convertObject(schema as Zod3Object, def);
      case "ZodRecord":
        return { type: "object", additionalProperties: this.convert(def.valueType) };
      case "ZodUnion":
        return { anyOf: this.#convertAll(def.options) };
      case "ZodDiscriminatedUnion":
        return { oneOf: this.#convertAll(def.options) };
      case "ZodIntersection":
        return { allOf: [this.convert(def.left), this.convert(def.right)] };
      case "ZodNullable":
        return { anyOf: [this.convert(def.innerType), { type: "null" }] };
      case "ZodDefault":
        return { ...this.convert(def.innerType), default: def.defaultValue?.() };
      case "ZodOptional":
      case "ZodCatch":
      case "ZodReadonly":
        return this.convert(def.innerType);
      case "ZodBranded":
        return this.convert(def.type);
      case "ZodLazy":
        return this.convert(def.getter?.());
      case "ZodEffects":
        // What a transform makes of its input nobody knows.
        return def.effect?.type === "transform" && this.#io === "output"
          ? {}
          : this.convert(def.schema);
      case "ZodPipeline":
        return this.convert(this.#io === "input" ? def.in : def.out);
      default:
        return {};
    }
  }

  #convertObject(schema: Zod3Object, def: Def): JsonSchema {
    const fields = Object.entries(schema.shape);
    return {
      type: "object",
      properties: Object.fromEntries(fields.map(([name, field]) => [name, this.convert(field)])),
      required: fields.flatMap(([name, field]) => (this.#mayBeAbsent(field) ? [] : [name])),
      ...(def.unknownKeys === "strict" && { additionalProperties: false }),
    };
  }

  /** What `isOptional` says, and, of the output, not where a default stands in. */
  #mayBeAbsent(field: Zod3Schema & { isOptional(): boolean }): boolean {
    const { typeName } = field._def;
    if (this.#io === "output" && (typeName === "ZodDefault" || typeName === "ZodCatch"))
      return false;
    try {
      return field.isOptional();
    } catch {
      // It asks by parsing, which a schema can refuse.
      return false;
    }
  }

  #convertAll(options: Def["options"]): readonly JsonSchema[] {
    // Early versions keep the options of a discriminated union in a map.
    return [...(options?.values() ?? [])].map((option) => this.convert(option));
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  datetime: "date-time",
  date: "date",
  time: "time",
  email: "email",
  url: "uri",
  uuid: "uuid",
};

function formatOf(checks: readonly Check[]): JsonSchema {
  const format = checks.map(({ kind }) => FORMATS[kind]).find((name) => name !== undefined);
  return format === undefined ? {} : { format };
}

function numberOf(checks: readonly Check[]): JsonSchema {
  let schema: JsonSchema = { type: "number" };
  for (const { kind, value, inclusive = true } of checks) {
    if (kind === "int") schema = { ...schema, type: "integer" };
    if (kind === "min") schema = { ...schema, [inclusive ? "minimum" : "exclusiveMinimum"]: value };
    if (kind === "max") schema = { ...schema, [inclusive ? "maximum" : "exclusiveMaximum"]: value };
  }
  return schema;
}

/** The values of a TypeScript enum: one of numbers also maps each number to its name. */
function enumValues(values: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Object.entries(values)
    .filter(([key]) => typeof values[String(values[key])] !== "number")
    .map(([, value]) => value);
}

function isJsonPrimitive(value: unknown): boolean {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
