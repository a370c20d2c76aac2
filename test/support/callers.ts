import { callerFor, NOBODY, type Caller } from "../../src/access/caller.ts";
import { viewerOf } from "../../src/access/viewer.ts";

/** Whoever a record belongs to, asking for it. */
export function ownerOfRecord({ viewer }: { readonly viewer: string | null }): Caller {
  return viewer === null ? NOBODY : callerFor(viewerOf(viewer));
}

export const ANN = callerFor({ id: "ann" });
export const BOB = callerFor({ id: "bob" });
