import { ListRef } from "@pothos/core";
import type { Builder } from "../builder.ts";
import { toFieldName, type Names } from "../names.ts";
import type { Enums } from "./enums.ts";
import type { FittedObject } from "./fit.ts";
import type { ObjectShape, Shape, UnionShape } from "./shape.ts";
import { SCALARS } from "./scalars.ts";
import { describeType, nameType, type TypeScope } from "./type-scope.ts";

/** A field of a generated output type, without its resolver. */
export interface OutputField {
  readonly name: string;
  readonly property: string;
  readonly shape: Shape;
  /** Made at runtime, so its static type says nothing. */
  readonly type: never;
  readonly nullable: boolean;
  readonly description: string | undefined;
}

/** Makes GraphQL output types of shapes; their fields take what `fit` makes of the data. */
export class OutputTypes {
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
        return new ListRef(this.typeOf(shape.item, scope) as never, shape.isItemNullable);
      case "enum":
        return this.#enums.typeOf(shape, scope);
      case "object":
        return this.#object(shape, scope);
      case "union":
        return shape.discriminator === null
          ? "JSON"
          : this.#union(shape, shape.discriminator, scope);
      default:
        return SCALARS[shape.kind];
    }
  }

  /** Takes the name of a whole part of a workflow's data before anything within does. */
  reserve(shape: Shape, scope: TypeScope): void {
    if ("name" in shape) nameType(this.#names, shape, scope, "");
  }

  fieldsOf({ fields }: ObjectShape, scope: TypeScope): readonly OutputField[] {
    return fields.map(({ name, property, shape, isNullable, isOptional, description }) => ({
      name,
      property,
      shape,
      type: this.typeOf(shape, scope) as never,
      nullable: isNullable || isOptional,
      description,
    }));
  }

  #object(shape: ObjectShape, scope: TypeScope): unknown {
    const name = nameType(this.#names, shape, scope, "");
    const known = this.#types.get(name);
    if (known) return known;
    const ref = this.#builder.objectRef<FittedObject>(name);
    // Before its fields, which may be of this type again.
    this.#types.set(name, ref);
    const fields = this.fieldsOf(shape, scope);
    ref.implement({
      description: describeType(shape, scope),
      fields: (t) =>
        Object.fromEntries(
          fields.map(({ name: field, type, nullable, description }) => [
            field,
            t.field({
              type,
              nullable,
              description,
              resolve: (object: FittedObject) => object[field],
            } as never),
          ]),
        ),
    });
    return ref;
  }

  #union(shape: UnionShape, discriminator: string, scope: TypeScope): unknown {
    const name = nameType(this.#names, shape, scope, "");
    const known = this.#types.get(name);
    if (known) return known;
    const field = toFieldName(discriminator);
    const members = new Map<unknown, unknown>();
    // Before its members, which may contain it.
    this.#types.set(
      name,
      this.#builder.unionType(name, {
        description: shape.description ?? `One of several, told apart by \`${field}\`.`,
        types: () => [...members.values()] as never,
        resolveType: (object: FittedObject) => members.get(object[field]) as never,
      }),
    );
    for (const { tag, shape: member } of shape.alternatives) {
      members.set(tag, this.typeOf(member, scope));
    }
    return this.#types.get(name);
  }
}
