import { BadUserInputError } from "../errors.ts";
import type { Arg } from "./builder.ts";

/** How large the pages of a list are. */
export interface PageSize {
  /** When a client does not say. */
  readonly usual: number;
  readonly most: number;
}

/** The argument `first` of a list. */
export function firstArg({ arg }: { readonly arg: Arg }, { usual, most }: PageSize) {
  return arg.int({
    required: true,
    defaultValue: usual,
    description: `At most so many, up to ${most}.`,
  });
}

/** The arguments of a list that is paged by the ids of its nodes. */
export function pageArgs(t: { readonly arg: Arg }, size: PageSize) {
  return {
    first: firstArg(t, size),
    after: t.arg.string({ required: false, description: "The `endCursor` of the page before." }),
  };
}

/** Of the field `endCursor` of such a list. */
export const END_CURSOR = "Pass it as `after` for the next page.";

/** Of its field `hasMore`. */
export const HAS_MORE =
  "Whether to ask for the next page. Where you may not read much of the list, a page may be short, or empty, and not be the last.";

/** Refuses a page of no items, or of too many. Throws `BadUserInputError`. */
export function checkFirst(first: number, { most }: PageSize): void {
  if (first >= 1 && first <= most) return;
  throw new BadUserInputError(`first must be between 1 and ${most}`, [
    { path: ["first"], message: `Must be between 1 and ${most}` },
  ]);
}
