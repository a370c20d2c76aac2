import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isUnionType,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from "graphql";
import type { Choices } from "./choices.ts";

export interface RandomOperation {
  readonly text: string;
  /** Values for its variables, several times. */
  readonly variables: readonly VariableValues[];
}

type VariableValues = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 9;
const VARIABLE_SETS = 3;

/** Names that mean something to JavaScript. */
const ODD_NAMES = ["__proto__", "constructor", "then", "toJSON"] as const;

/**
 * A subscription of about `size` fields: with fragments, aliases, directives and arguments as they
 * come. Mostly valid: fields of one alias may clash, as may those of types that have nothing in common.
 */
export function randomOperation(
  schema: GraphQLSchema,
  choices: Choices,
  size: number,
): RandomOperation {
  return new Writer(schema, choices).write(size);
}

/** Where something is written. */
interface Place {
  readonly type: GraphQLCompositeType;
  /** What an object can be here. */
  readonly possible: readonly GraphQLObjectType[];
  /** How many fields there may be, about. */
  readonly size: number;
  /** How many fields there are above. */
  readonly depth: number;
}

interface Variable {
  readonly type: string;
  readonly value: () => unknown;
}

class Writer {
  readonly #schema: GraphQLSchema;
  readonly #choices: Choices;
  readonly #composites: readonly GraphQLCompositeType[];
  readonly #fragments: { readonly type: GraphQLCompositeType; readonly text: string }[] = [];
  readonly #variables = new Map<string, Variable>();

  constructor(schema: GraphQLSchema, choices: Choices) {
    this.#schema = schema;
    this.#choices = choices;
    this.#composites = Object.values(schema.getTypeMap()).filter(isCompositeType);
  }

  write(size: number): RandomOperation {
    const root = this.#schema.getSubscriptionType();
    const [first, ...others] = Object.values(root?.getFields() ?? {});
    if (!root || !first) throw new TypeError("The schema has no subscriptions");
    const field = this.#choices.of(first, ...others);
    const args = field.args.filter(isRequiredArgument).map((arg) => {
      this.#variables.set(arg.name, { type: String(arg.type), value: () => "given" });
      return `${arg.name}: $${arg.name}`;
    });
    const given = args.length > 0 ? `(${args.join(" ")})` : "";
    const written = `${this.#choices.of("", "events: ")}${field.name}${given}`;
    const times = this.#choices.of(1, 1, 1, 2);
    const selection = Array.from(
      { length: times },
      () => `${written} ${this.#selectFrom(field, size / times, 1)}`,
    ).join(" ");
    const body = this.#choices.once(4)
      ? `{ ${this.#addFragment(root, `{ ${selection} }`)} }`
      : `{ ${selection} }`;
    const declared = [...this.#variables].map(([name, { type }]) => `$${name}: ${type}`);
    return {
      text: [
        `subscription ${declared.length > 0 ? `(${declared.join(" ")})` : ""} ${body}`,
        ...this.#fragments.map(({ type, text }, i) => `fragment F${i} on ${type.name} ${text}`),
      ].join("\n"),
      variables: Array.from({ length: VARIABLE_SETS }, () => this.#values()),
    };
  }

  #values(): VariableValues {
    const values = [...this.#variables].map(([name, { value }]) => [name, value()] as const);
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
  }

  #selectFrom({ type }: GraphQLField<unknown, unknown>, size: number, depth: number): string {
    const named = getNamedType(type);
    if (!isCompositeType(named)) return "";
    return this.#selectionSet({ type: named, possible: this.#possible(named), size, depth });
  }

  #selectionSet(place: Place): string {
    const most = isUnionType(place.type) ? 8 : 4;
    const count = 1 + this.#choices.below(Math.max(1, Math.min(most, place.size)));
    const each = { ...place, size: (place.size - count) / count };
    const selections = Array.from({ length: count }, () => this.#selection(each));
    return `{ ${selections.join(" ")} }`;
  }

  #selection(place: Place): string {
    const { type } = place;
    const isField = isUnionType(type) ? place.size < 0 : place.size < 1 || this.#choices.below(3);
    if (isField) return isUnionType(type) ? "__typename" : this.#field(type, place);
    switch (this.#choices.of("inline", "inline", "new", "known")) {
      case "inline": {
        const on = this.#narrowed(place);
        const condition = on.type === type && this.#choices.once(2) ? "" : ` on ${on.type.name}`;
        return `...${condition}${this.#directives()} ${this.#selectionSet(on)}`;
      }
      case "new": {
        const on = this.#narrowed(place);
        return this.#addFragment(on.type, this.#selectionSet(on)) + this.#directives();
      }
      default: {
        const known = this.#fragments.flatMap((fragment, i) =>
          this.#meet(place.possible, fragment.type).length > 0 ? [i] : [],
        );
        const fragment = known[this.#choices.below(known.length || 1)];
        return fragment === undefined ? "__typename" : `...F${fragment}${this.#directives()}`;
      }
    }
  }

  #addFragment(type: GraphQLCompositeType, text: string): string {
    this.#fragments.push({ type, text });
    return `...F${this.#fragments.length - 1}`;
  }

  /** The same place or a part of it, or one around it. */
  #narrowed(place: Place): Place {
    const types = this.#composites.filter((type) => this.#meet(place.possible, type).length > 0);
    const type = this.#choices.of(place.type, ...types);
    return { ...place, type, possible: this.#meet(place.possible, type) };
  }

  #meet(
    possible: readonly GraphQLObjectType[],
    type: GraphQLCompositeType,
  ): readonly GraphQLObjectType[] {
    return possible.filter((each) => this.#possible(type).includes(each));
  }

  #possible(type: GraphQLCompositeType): readonly GraphQLObjectType[] {
    return isAbstractType(type) ? this.#schema.getPossibleTypes(type) : [type];
  }

  #field(type: GraphQLObjectType | GraphQLInterfaceType, { size, depth }: Place): string {
    const isDeep = depth < MAX_DEPTH && this.#choices.once(2);
    const all = Object.values(type.getFields());
    const fields = all.filter((each) => isCompositeType(getNamedType(each.type)) === isDeep);
    const field = fields[this.#choices.below(fields.length + 1)];
    if (!field) return `${this.#choices.of("", "kind: ")}__typename${this.#directives()}`;
    const args = field.args
      .filter((arg) => isRequiredArgument(arg) || this.#choices.once(2))
      .map((arg) => `${arg.name}: ${this.#argument(arg)}`)
      .join(" ");
    const name = this.#alias(field.name, args) + field.name;
    const written = args === "" ? name : `${name}(${args})`;
    return `${written}${this.#directives()} ${this.#selectFrom(field, Math.max(size, 3), depth + 1)}`;
  }

  /** Fields of one alias must be alike, so that it tells the arguments. */
  #alias(field: string, args: string): string {
    if (args !== "") return `${field}_${[...Buffer.from(args)].join("_")}: `;
    const odd = ODD_NAMES[field.length % ODD_NAMES.length];
    return this.#choices.of("", "", "", "", "", `my_${field}: `, `my_${field}: `, `${odd}: `);
  }

  #argument({ type }: GraphQLArgument): string {
    if (this.#choices.once(2)) return literalOf(type, this.#choices);
    const name = `v${this.#variables.size}`;
    this.#variables.set(name, { type: String(type), value: () => valueOf(type, this.#choices) });
    return `$${name}`;
  }

  #directives(): string {
    return this.#directive("skip") + this.#directive("include");
  }

  #directive(name: "skip" | "include"): string {
    if (!this.#choices.once(8)) return "";
    if (this.#choices.once(6)) return ` @${name}(if: ${this.#choices.of("true", "false")})`;
    const variable = this.#choices.of("a", "b", "c", "preset");
    this.#variables.set(
      variable,
      variable === "preset"
        ? { type: "Boolean = true", value: () => this.#choices.of(undefined, true, false, null) }
        : { type: "Boolean!", value: () => this.#choices.of(true, false) },
    );
    return ` @${name}(if: $${variable})`;
  }
}

/** A value as a client may send it, `undefined` for none; now and then a wrong one. */
function valueOf(type: GraphQLInputType, choices: Choices): unknown {
  if (choices.once(40)) return { not: "this" };
  if (!isNonNullType(type) && choices.once(4)) return choices.of(null, undefined);
  return presentValueOf(type, choices);
}

function presentValueOf(of: GraphQLInputType, choices: Choices): unknown {
  const type = getNullableType(of);
  if (isListType(type)) {
    // A single value is taken for a list of one.
    if (choices.once(5)) return presentValueOf(type.ofType, choices);
    return Array.from({ length: choices.below(3) }, () => presentValueOf(type.ofType, choices));
  }
  if (isEnumType(type)) return type.getValues()[choices.below(type.getValues().length)]?.name;
  switch (getNamedType(type).name) {
    case "Int":
      return choices.of(1, 2, 3, 100, -1);
    case "Boolean":
      return choices.of(true, false);
    case "Cursor":
      return choices.of("0", "1", "2", "no cursor");
    default:
      return choices.of("count", "items", "none such");
  }
}

function literalOf(of: GraphQLInputType, choices: Choices): string {
  if (!isNonNullType(of) && choices.once(5)) return "null";
  const type = getNullableType(of);
  if (isListType(type)) {
    const items = Array.from({ length: choices.below(3) }, () => literalOf(type.ofType, choices));
    return `[${items.join(" ")}]`;
  }
  const value = presentValueOf(type, choices);
  return isEnumType(type) ? String(value) : JSON.stringify(value);
}
