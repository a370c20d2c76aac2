import { resolveRef, type JsonSchema } from "./json-schema.ts";

/** What is left of the schema of an object without some of its keys; `null` if nothing is. */
export function withoutKeys(root: JsonSchema, keys: readonly string[]): JsonSchema | null {
  return keys.length === 0 ? root : drop(root, keys, root, []);
}

function drop(
  schema: JsonSchema,
  keys: readonly string[],
  root: JsonSchema,
  ancestors: readonly JsonSchema[],
): JsonSchema | null {
  // Not within the definition, which may be that of other objects too.
  const resolved = resolveRef(schema, root);
  if (ancestors.includes(resolved)) return schema;
  const { properties = {}, required = [], anyOf, oneOf, allOf, ...others } = resolved;
  const left = Object.entries(properties).filter(([key]) => !keys.includes(key));
  const requiredLeft = required.filter((key) => !keys.includes(key));
  const within = [...ancestors, resolved];
  const partsLeft = Object.entries({ anyOf, oneOf, allOf })
    .map(
      ([keyword, parts = []]) =>
        [keyword, parts.flatMap((part) => drop(part, keys, root, within) ?? [])] as const,
    )
    .filter(([, parts]) => parts.length > 0);
  const saidSomething = Object.keys(properties).length > 0 || anyOf || oneOf || allOf;
  const saysNothing = left.length === 0 && partsLeft.length === 0 && !others.additionalProperties;
  if (saidSomething && saysNothing) return null;
  return {
    ...others,
    ...(left.length > 0 && { properties: Object.fromEntries(left) }),
    ...(requiredLeft.length > 0 && { required: requiredLeft }),
    ...Object.fromEntries(partsLeft),
  };
}
