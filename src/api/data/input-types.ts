import { InputListRef } from "@pothos/core";
import type { JsonValue } from "../../json.ts";
import type { Builder } from "../builder.ts";
import type { Names } from "../names.ts";
import type { Enums } from "./enums.ts";
import { isBare } from "./input-value.ts";
import type { Alternative, FieldShape, ObjectShape, Shape, UnionShape } from "./shape.ts";
import { SCALARS } from "./scalars.ts";
import { describeType, nameType, type TypeScope } from "./type-scope.ts";

/** Makes GraphQL input types of shapes; what is given for them, `readInput` turns into JSON. */
export class InputTypes {
  readonly #builder: Builder;
  readonly #names: Names;
  readonly #enums: Enums;
  readonly #message: unknown;
  readonly #types = new Map<string, unknown>();

  constructor(builder: Builder, names: Names, enums: Enums, message: unknown) {
    this.#builder = builder;
    this.#names = names;
    this.#enums = enums;
    this.#message = message;
  }

  /** The type for a shape, as Pothos takes it. Throws `ConfigError` where names collide. */
  typeOf(shape: Shape, scope: TypeScope): unknown {
    switch (shape.kind) {
      case "message":
        return this.#message;
      case "list":
        return new InputListRef(this.typeOf(shape.item, scope) as never, !shape.isItemNullable);
      case "enum":
        return this.#enums.typeOf(shape, scope);
      case "object":
        return this.#object(shape, scope);
      case "union":
        return this.#union(shape, scope);
      default:
        return SCALARS[shape.kind];
    }
  }

  /** Takes the name of a whole part of a workflow's data before anything within does. */
  reserve(shape: Shape, scope: TypeScope): void {
    if ("name" in shape) nameType(this.#names, shape, scope, shape.kind === "enum" ? "" : "Input");
  }

  /** `without` is the discriminator of the union that an alternative is in: `@oneOf` says it already. */
  #object(shape: ObjectShape, scope: TypeScope, without?: string): unknown {
    const name = nameType(this.#names, shape, scope, "Input");
    const known = this.#types.get(name);
    if (known) return known;
    const fields: (readonly [FieldShape, unknown])[] = [];
    // Before its fields, which may be of this type again.
    this.#types.set(
      name,
      this.#builder.inputType(name, {
        description: describeType(shape, scope),
        fields: (t) =>
          Object.fromEntries(
            fields.map(([field, type]) => [
              field.name,
              t.field({ type, ...describeField(field) } as never),
            ]),
          ),
      }),
    );
    for (const field of shape.fields) {
      if (field.property !== without) fields.push([field, this.typeOf(field.shape, scope)]);
    }
    return this.#types.get(name);
  }

  #union(shape: UnionShape, scope: TypeScope): unknown {
    const name = nameType(this.#names, shape, scope, "Input");
    const known = this.#types.get(name);
    if (known) return known;
    const alternatives: (readonly [string, unknown])[] = [];
    this.#types.set(
      name,
      this.#builder.inputType(name, {
        isOneOf: true,
        description: shape.description ?? "One of several.",
        fields: (t) =>
          Object.fromEntries(
            alternatives.map(([field, type]) => [
              field,
              t.field({ type: type as never, required: false }),
            ]),
          ),
      }),
    );
    for (const alternative of shape.alternatives) {
      alternatives.push([
        alternative.name,
        this.#alternative(alternative, shape.discriminator, scope),
      ]);
    }
    return this.#types.get(name);
  }

  #alternative(
    { shape, typeName }: Alternative,
    discriminator: string | null,
    scope: TypeScope,
  ): unknown {
    if (discriminator === null || shape.kind !== "object") return this.typeOf(shape, scope);
    // GraphQL has no input without fields.
    if (isBare(shape, discriminator)) return "Boolean";
    // Not its own name: with the discriminator it is another type.
    const fingerprint = `${shape.fingerprint} without ${discriminator}`;
    return this.#object({ ...shape, name: typeName, fingerprint }, scope, discriminator);
  }
}

/**
 * An absent property means its default, for the graph itself too. GraphQL's word for that is only
 * used where it can print the value; the description says it elsewhere.
 */
function describeField({ shape, isNullable, isOptional, description, defaultValue }: FieldShape) {
  const required = !isNullable && !isOptional;
  if (defaultValue === undefined || defaultValue === null) return { required, description };
  if (isPrintable(shape, defaultValue)) return { required, description, defaultValue };
  const sentence = `Default: \`${JSON.stringify(defaultValue)}\`.`;
  return { required, description: [description, sentence].filter(Boolean).join(" ") };
}

function isPrintable(shape: Shape, value: JsonValue): boolean {
  switch (shape.kind) {
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "int":
    case "float":
      return typeof value === "number";
    case "enum":
      return typeof value === "string" && shape.values.has(value);
    case "list":
      return Array.isArray(value) && value.every((item) => isPrintable(shape.item, item));
    default:
      return false;
  }
}
