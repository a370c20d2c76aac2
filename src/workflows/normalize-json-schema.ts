import { toJson } from "../json.ts";
import {
  decodeFragment,
  escapePointer,
  mapDeep,
  mapParts,
  resolveRef,
  type JsonSchema,
} from "./json-schema.ts";

/**
 * JSON Schema of any library or server as {@link JsonSchema} promises it: of one dialect, with all
 * `$defs` at the root. A schema in it that has a `$schema` of its own is a document of its own, to
 * whose root its `$ref`s point: what LangGraph makes of each field of a `StateSchema` is one.
 *
 * Definitions that `anonymous` matches have a name that nobody gave.
 */
export function normalizeJsonSchema(document: object, anonymous = /^__schema\d+$/): JsonSchema {
  const raw = toCurrentDialect(document);
  const definitions = new Map(
    collectDefinitions(raw, "", "").map((definition) => [definition.pointer, definition]),
  );
  const names = nameDefinitions(definitions, anonymous);
  const move = (schema: RawSchema, pointer: string, base: string): JsonSchema =>
    moveRefs(schema, pointer, base, definitions, names);
  const $defs = Object.fromEntries(
    [...definitions.values()].map((definition) => [
      names.get(definition),
      move(definition.schema, definition.pointer, definition.base),
    ]),
  );
  const moved = move(raw, "", "");
  const root = definitions.size === 0 ? moved : { ...moved, $defs };
  return mapDeep(root, (schema) => settle(schema, root));
}

/** With what a document says of itself and its parts, before that is moved to the root. */
type RawSchema = JsonSchema & { readonly $schema?: unknown };

interface Definition {
  readonly name: string;
  readonly schema: RawSchema;
  /** Where it stands in the whole, and where the document that it belongs to begins. */
  readonly pointer: string;
  readonly base: string;
}

/** By where they stand, those that contain others before those. */
type Definitions = ReadonlyMap<string, Definition>;

/** Says in the words of draft 2020-12 what older drafts, or booleans, say. */
function toCurrentDialect(schema: unknown): RawSchema {
  if (schema === false) return { not: {} };
  if (typeof schema !== "object" || schema === null) return {};
  const {
    $id: _uri,
    id: _name,
    definitions,
    ...rest
  } = schema as Readonly<Record<string, unknown>>;
  const current: Record<string, unknown> = rest;
  if (Array.isArray(current["items"])) {
    current["prefixItems"] = current["items"];
    current["items"] = current["additionalItems"] ?? {};
    delete current["additionalItems"];
  }
  if (current["items"] === true) delete current["items"];
  const $defs = { ...(definitions as object | undefined), ...(current["$defs"] as object) };
  if (Object.keys($defs).length > 0) {
    current["$defs"] = Object.fromEntries(
      Object.entries($defs).map(([name, definition]) => [name, toCurrentDialect(definition)]),
    );
  }
  if (Array.isArray(current["required"]) && current["required"].length === 0) {
    delete current["required"];
  }
  return mapParts(current, toCurrentDialect);
}

function collectDefinitions(schema: RawSchema, pointer: string, base: string): Definition[] {
  const ownBase = schema.$schema === undefined ? base : pointer;
  const found: Definition[] = [];
  for (const [name, definition] of Object.entries(schema.$defs ?? {})) {
    const at = `${pointer}/$defs/${escapePointer(name)}`;
    found.push({ name, schema: definition, pointer: at, base: ownBase });
    found.push(...collectDefinitions(definition, at, ownBase));
  }
  mapParts(schema, (part, below) => {
    found.push(...collectDefinitions(part, pointer + below, ownBase));
    return part;
  });
  return found;
}

/** Gives each definition a name of its own, unless it says what another of its name says. */
function nameDefinitions(
  definitions: Definitions,
  anonymous: RegExp,
): ReadonlyMap<Definition, string> {
  const meanings = meaningsOf(definitions);
  const nameByMeaning = new Map<string, string>();
  const taken = new Set<string>();
  const tries = new Map<string, number>();
  const nameOf = (definition: Definition): string => {
    const isAnonymous = anonymous.test(definition.name);
    const given = isAnonymous ? "__schema" : definition.name;
    const meaning = `${meanings.get(definition)} ${given}`;
    let name = nameByMeaning.get(meaning);
    for (let n = tries.get(given) ?? 0; name === undefined; n++) {
      const free = isAnonymous ? `${given}${n}` : given + (n === 0 ? "" : n + 1);
      if (!taken.has(free)) name = free;
      tries.set(given, n + 1);
    }
    nameByMeaning.set(meaning, name);
    taken.add(name);
    return name;
  };
  return new Map(
    [...definitions.values()].map((definition) => [definition, nameOf(definition)] as const),
  );
}

/** For each definition a number, that of all that say the same, with all that they refer to. */
function meaningsOf(definitions: Definitions): ReadonlyMap<Definition, number> {
  const all = [...definitions.values()];
  const targets = all.map(({ schema, pointer, base }) =>
    targetsOf(schema, pointer, base, definitions),
  );
  // Told apart by their own words, then by what they refer to, for as long as that tells more apart.
  let numbers = numberTexts(all.map(({ schema }) => JSON.stringify(toJson(schema))));
  for (let told = 0; told < new Set(numbers).size;) {
    told = new Set(numbers).size;
    const current = new Map(all.map((definition, i) => [definition, numbers[i]]));
    // A part of the document is what it is only there.
    const numberOf = (target: Definition | string) =>
      typeof target === "string" ? target : current.get(target);
    numbers = numberTexts(
      targets.map((found, i) => JSON.stringify([numbers[i], ...found.map(numberOf)])),
    );
  }
  return new Map(all.map((definition, i) => [definition, numbers[i] ?? 0]));
}

function numberTexts(texts: readonly string[]): readonly number[] {
  const numbers = new Map<string, number>();
  return texts.map((text) => {
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return number;
  });
}

/** What a schema's references point to: a definition, or where in the whole. */
function targetsOf(
  schema: RawSchema,
  pointer: string,
  base: string,
  definitions: Definitions,
): readonly (Definition | string)[] {
  const ownBase = schema.$schema === undefined ? base : pointer;
  const found: (Definition | string)[] = [];
  if (schema.$ref !== undefined) {
    const target = absolute(schema.$ref, ownBase, definitions) ?? "";
    found.push(definitions.get(target) ?? target);
  }
  mapParts(schema, (part, below) => {
    found.push(...targetsOf(part, pointer + below, ownBase, definitions));
    return part;
  });
  return found;
}

function moveRefs(
  { $schema, $defs: _moved, ...schema }: RawSchema,
  pointer: string,
  base: string,
  definitions: Definitions,
  names: ReadonlyMap<Definition, string>,
): JsonSchema {
  const ownBase = $schema === undefined ? base : pointer;
  const { $ref, ...moved } = mapParts(schema, (part, below) =>
    moveRefs(part, pointer + below, ownBase, definitions, names),
  );
  const target = $ref === undefined ? undefined : absolute($ref, ownBase, definitions);
  // A reference to another document cannot be followed: anything goes.
  if (target === undefined) return moved;
  const definition = definitionAt(target, definitions);
  const moving = definition
    ? `/$defs/${escapePointer(names.get(definition) ?? "")}${target.slice(definition.pointer.length)}`
    : target;
  return { ...moved, $ref: `#${moving.replaceAll("%", "%25")}` };
}

/** Where in the whole a reference points to, if into its own document. */
function absolute(ref: string, base: string, definitions: Definitions): string | undefined {
  if (!/^#(\/|$)/.test(ref)) return undefined;
  const pointTo = (fragment: string): string =>
    base + fragment.replace(/^\/definitions\//, "/$defs/");
  const [decoded, literal] = [pointTo(decodeFragment(ref.slice(1))), pointTo(ref.slice(1))];
  // Zod encodes nothing.
  return !definitionAt(decoded, definitions) && definitions.has(literal) ? literal : decoded;
}

/** The innermost definition that `pointer` is in. */
function definitionAt(pointer: string, definitions: Definitions): Definition | undefined {
  for (let at = pointer; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    const definition = definitions.get(at);
    if (definition) return definition;
  }
  return undefined;
}

function settle(schema: JsonSchema, root: JsonSchema): JsonSchema {
  return markMessages(mergeConstants(settleDefault(schema)), root);
}

function settleDefault(schema: JsonSchema): JsonSchema {
  if (!("default" in schema)) return schema;
  const { default: value, ...rest } = schema;
  // That of a time is nearly always the time of asking.
  return schema.format === "date-time" ? rest : { ...rest, default: toJson(value) };
}

/** `"a" | "b"` as the enumeration that it is. */
function mergeConstants(schema: JsonSchema): JsonSchema {
  const keyword = schema.anyOf ? "anyOf" : "oneOf";
  const { [keyword]: alternatives = [], ...rest } = schema;
  const constants = alternatives.filter(isBareText);
  if (constants.length < 2) return schema;
  const merged = { type: "string", enum: constants.map((constant) => constant.const) };
  const others = alternatives.filter((alternative) => !isBareText(alternative));
  return others.length === 0 ? { ...rest, ...merged } : { ...rest, [keyword]: [merged, ...others] };
}

function isBareText(schema: JsonSchema): boolean {
  const { const: text, type: _type, ...rest } = schema;
  return typeof text === "string" && Object.keys(rest).length === 0;
}

const MESSAGE_TYPES = ["human", "ai", "system", "tool"];

/** A list whose items are all kinds of messages is what LangChain for Python says of its own. */
function markMessages(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (schema.type !== "array" || !schema.items || schema.langgraph_type) return schema;
  const kinds = (schema.items.oneOf ?? schema.items.anyOf ?? []).map(
    (item) => resolveRef(item, root).properties?.["type"]?.const,
  );
  if (!MESSAGE_TYPES.every((type) => kinds.includes(type))) return schema;
  const { items: _items, ...rest } = schema;
  return { ...rest, langgraph_type: "messages" };
}
