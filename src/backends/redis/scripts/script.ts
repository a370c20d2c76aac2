import { createHash } from "node:crypto";
import { LIBRARY } from "./library.ts";

/** A script that Redis runs whole, with nothing in between. */
export interface Script {
  readonly lua: string;
  /** What Redis knows it by, once it has seen it. */
  readonly sha: string;
}

/** Makes a script of its body, which may use what {@link LIBRARY} has. */
export function defineScript(body: string): Script {
  const lua = LIBRARY + body;
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}
