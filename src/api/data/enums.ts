import type { Builder } from "../builder.ts";
import type { Names } from "../names.ts";
import type { EnumShape } from "./shape.ts";
import { nameType, type TypeScope } from "./type-scope.ts";

/** Makes GraphQL enums of shapes; input and output share them. */
export class Enums {
  readonly #builder: Builder;
  readonly #names: Names;
  readonly #types = new Map<string, unknown>();

  constructor(builder: Builder, names: Names) {
    this.#builder = builder;
    this.#names = names;
  }

  /** The enum for a shape, as Pothos takes it. Throws `ConfigError` where names collide. */
  typeOf(shape: EnumShape, scope: TypeScope): unknown {
    const name = nameType(this.#names, shape, scope, "");
    let type = this.#types.get(name);
    if (type === undefined) {
      type = this.#builder.enumType(name, {
        description: shape.description ?? "One of several values.",
        values: Object.fromEntries(
          [...shape.values].map(([value, valueName]) => [valueName, { value }]),
        ),
      });
      this.#types.set(name, type);
    }
    return type;
  }
}
