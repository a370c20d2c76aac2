import { isJsonObject, type JsonValue } from "../../json.ts";
import { isDateTime } from "../../workflows/date-time.ts";
import { readMessage } from "./message.ts";
import type { ObjectShape, Shape, UnionShape } from "./shape.ts";

/** What the resolvers of the generated types take: objects by GraphQL's field names, dates as `Date`. */
export type Fitted = string | number | boolean | Date | null | Fitted[] | FittedObject;

export interface FittedObject {
  readonly [field: string]: Fitted;
}

/** Called with what does not fit: where, and what should be there. */
export type OnMisfit = (path: readonly string[], expected: string) => undefined;

/**
 * Data of a graph as the GraphQL type of its shape takes it. LangGraph checks neither what nodes
 * return nor what a graph puts out, so a part may be something else than its schema says: it is
 * `null` where it may be, otherwise what it is a part of does not fit either. `undefined` when the
 * whole does not.
 */
export function fit(
  shape: Shape,
  value: JsonValue,
  onMisfit: OnMisfit,
  path: readonly string[] = [],
): Fitted | undefined {
  const misfit = (expected: string): undefined => onMisfit(path, expected);
  switch (shape.kind) {
    case "json":
      return value;
    case "string":
      return typeof value === "string" ? value : misfit("a text");
    case "boolean":
      return typeof value === "boolean" ? value : misfit("true or false");
    case "float":
      return typeof value === "number" ? value : misfit("a number");
    case "int":
      return Number.isInteger(value) && value === (Number(value) | 0)
        ? value
        : misfit("a 32-bit integer");
    case "dateTime":
      return readDate(value) ?? misfit("a date and time in ISO 8601");
    case "enum":
      return typeof value === "string" && shape.values.has(value)
        ? value
        : misfit(`one of ${[...shape.values.keys()].join(", ")}`);
    case "message":
      return readMessage(value) ?? misfit("a message");
    case "list": {
      // A reducer may take one item for a list of one.
      const items = Array.isArray(value) ? value : [value];
      const nothing = shape.isItemNullable ? null : undefined;
      const fitted = items.map((item, i) => {
        const at = [...path, String(i)];
        if (item !== null) return fit(shape.item, item, onMisfit, at) ?? nothing;
        return shape.isItemNullable ? null : onMisfit(at, "a value");
      });
      return fitted.includes(undefined) ? undefined : (fitted as Fitted[]);
    }
    case "object":
      return isJsonObject(value) ? fitObject(shape, value, onMisfit, path) : misfit("an object");
    case "union":
      return fitUnion(shape, value, onMisfit, path);
  }
}

function fitObject(
  shape: ObjectShape,
  value: Readonly<Record<string, JsonValue>>,
  onMisfit: OnMisfit,
  path: readonly string[],
): FittedObject | undefined {
  const fitted: Record<string, Fitted> = {};
  for (const { name, property, shape: fieldShape, isNullable, isOptional } of shape.fields) {
    const mayBeNull = isNullable || isOptional;
    // A method of `Object.prototype` is no property.
    const part = Object.hasOwn(value, property) ? value[property] : undefined;
    const fittedPart =
      part == null
        ? mayBeNull
          ? null
          : onMisfit([...path, property], "a value")
        : (fit(fieldShape, part, onMisfit, [...path, property]) ?? (mayBeNull ? null : undefined));
    if (fittedPart === undefined) return undefined;
    fitted[name] = fittedPart;
  }
  return fitted;
}

function fitUnion(
  shape: UnionShape,
  value: JsonValue,
  onMisfit: OnMisfit,
  path: readonly string[],
): Fitted | undefined {
  // GraphQL has unions of objects only: the others are `JSON` in output.
  if (shape.discriminator === null) return value;
  const tag = isJsonObject(value) ? value[shape.discriminator] : undefined;
  const alternative = shape.alternatives.find((candidate) => candidate.tag === tag);
  if (alternative) return fit(alternative.shape, value, onMisfit, path);
  const tags = shape.alternatives.map((candidate) => candidate.tag).join(", ");
  return onMisfit(path, `an object whose ${shape.discriminator} is one of ${tags}`);
}

function readDate(value: JsonValue): Date | undefined {
  return typeof value === "string" && isDateTime(value) ? new Date(value) : undefined;
}
