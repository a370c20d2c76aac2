import type { Logger } from "../../logger.ts";
import type { OnMisfit } from "./fit.ts";

/** Enough to be told about. */
const MAX_REPORTS = 1_000;

/** Tells the log, once for each place, what of a graph's data is not what its schema says. */
export class Misfits {
  readonly #logger: Logger;
  readonly #reported = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** To be called with what does not fit in the data that `of` tells, in the words of a log. */
  reporter(of: Readonly<Record<string, string>>): OnMisfit {
    return (path, expected) => {
      // One report for all items of a list.
      const place = path.map((key) => (/^\d+$/.test(key) ? "*" : key)).join(".");
      const key = JSON.stringify([of, place]);
      if (this.#reported.has(key) || this.#reported.size === MAX_REPORTS) return undefined;
      this.#reported.add(key);
      this.#logger.warn(
        { ...of, path: place, expected },
        "data of a graph is not what its schema says, and null in GraphQL: mend the node or the schema",
      );
      return undefined;
    };
  }
}
