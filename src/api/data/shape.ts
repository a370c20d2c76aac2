import type { JsonValue } from "../../json.ts";

/**
 * What a piece of a workflow's data is in GraphQL's terms: what its JSON Schema says, less what
 * GraphQL has no word for, which is `json`. Input types, output types and the way between JSON and
 * them are all made from it. Shapes may be cyclic.
 */
export type Shape = ScalarShape | ListShape | EnumShape | ObjectShape | UnionShape;

export interface ScalarShape {
  readonly kind: "json" | "string" | "boolean" | "int" | "float" | "dateTime" | "message";
}

export interface ListShape {
  readonly kind: "list";
  readonly item: Shape;
  readonly isItemNullable: boolean;
}

/** A shape that becomes a GraphQL type of its own. */
interface NamedShape {
  readonly name: ShapeName;
  readonly description: string | undefined;
  /** Equal for shapes that may share a type. */
  readonly fingerprint: string;
}

/** Where the name of a type comes from. */
export type ShapeName =
  /** The schema's author gave it: `meta({ id: "Address" })`. */
  | { readonly id: string }
  /** The property names and list items on the way to it, in Pascal case: `ItemsItem`. */
  | { readonly path: string };

export interface EnumShape extends NamedShape {
  readonly kind: "enum";
  /** Value in JSON → GraphQL's name for it. */
  readonly values: ReadonlyMap<string, string>;
}

export interface ObjectShape extends NamedShape {
  readonly kind: "object";
  readonly fields: readonly FieldShape[];
}

/** A property of an object. */
export interface FieldShape {
  readonly name: string;
  readonly property: string;
  readonly shape: Shape;
  /** Whether `null` is a value of it. */
  readonly isNullable: boolean;
  /** Whether it may be absent. */
  readonly isOptional: boolean;
  readonly description: string | undefined;
  /** What an absent one means. */
  readonly defaultValue: JsonValue | undefined;
}

/** One of several shapes. GraphQL has unions of objects in output, and `@oneOf` for input. */
export interface UnionShape extends NamedShape {
  readonly kind: "union";
  /** The property whose text tells which alternative an object is; `null` when their JSON types tell. */
  readonly discriminator: string | null;
  readonly alternatives: readonly Alternative[];
}

export interface Alternative {
  /** Its field in a `@oneOf` input. */
  readonly name: string;
  /** What the discriminator says of it, or its JSON type. */
  readonly tag: string;
  /** What its input type is named after, where that leaves the discriminator out. */
  readonly typeName: ShapeName;
  readonly shape: Shape;
}
