import type { EventBody, EventOrigin } from "../events/run-event.ts";
import { isJsonObject } from "../json.ts";
import type { Logger } from "../logger.ts";

/** Enough to be told about; a graph that makes its types up must not fill the memory. */
const MAX_REPORTS = 1_000;

/** Tells the log, once for each node and type, why something that was written has no type of its own. */
export class UntypedEvents {
  readonly #logger: Logger;
  readonly #reported = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  report(workflow: string, body: EventBody, { node }: EventOrigin): void {
    if (body.kind !== "written" || body.event !== null) return;
    const type = isJsonObject(body.payload) ? body.payload["type"] : body.type;
    const key = JSON.stringify([workflow, node, type]);
    if (this.#reported.has(key) || this.#reported.size === MAX_REPORTS) return;
    this.#reported.add(key);
    this.#logger.info(
      { workflow, node, type, problems: body.problems },
      "a written event is a CustomEvent; declare it with defineEvents to give it a type of its own",
    );
  }
}
