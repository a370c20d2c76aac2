import { lowerFirst, toTypeName, type Names } from "../names.ts";
import type { EnumShape, ObjectShape, UnionShape } from "./shape.ts";

/** Whose data types are made for: what their names begin with. */
export interface TypeScope {
  /** `Report` of the workflow `report`, `CitationEvent` of the event `citation`. */
  readonly base: string;
  /** Which part of the data: the root type is `ReportState`, and so begin others where parts differ. */
  readonly part: string;
  /** Begins the sentence of an error: `Workflow "report"`. */
  readonly owner: string;
}

/**
 * The name of the type of a shape. What is alike in several parts of a workflow's data has one type,
 * named without the part: an item of `state.items` and of `output.items` is a `ReportItemsItem`.
 * `suffix` is put behind the names of input types, which GraphQL keeps apart; those of whole parts
 * say it anyway.
 */
export function nameType(
  names: Names,
  { name, fingerprint }: EnumShape | ObjectShape | UnionShape,
  { base, part, owner }: TypeScope,
  suffix: "" | "Input",
): string {
  if ("id" in name) {
    return names.generate([toValidName(toTypeName(name.id) + suffix)], {
      owner: `${owner}: the schema with the id ${JSON.stringify(name.id)}`,
      fix: "give it another id",
      fingerprint: suffix + fingerprint,
    });
  }
  const isWhole = name.path === "";
  const end = name.path + suffix;
  // The last is for a workflow `a` that holds an `input` beside a workflow `a-state`.
  const ends = isWhole ? [part] : [end, part + end, `${part}_${end}`];
  return names.generate(
    ends.map((each) => toValidName(base + each)),
    {
      owner,
      fix: isWhole ? "rename it" : 'give that part of its schema a name, with `.meta({ id: "…" })`',
      fingerprint: suffix + fingerprint,
    },
  );
}

function toValidName(name: string): string {
  return /^\d/.test(name) ? `_${name}` : name;
}

/** What a type is that the schema's author has not described. */
export function describeType(
  { name, description }: ObjectShape,
  { part, owner }: TypeScope,
): string {
  if (description !== undefined) return description;
  const whole = `${part === "" ? "data" : lowerFirst(part)} of ${lowerFirst(owner)}.`;
  return "path" in name && name.path === "" ? `The ${whole}` : `Part of the ${whole}`;
}
