import { pino } from "pino";
import { memory } from "../../backends/memory/index.ts";
import type { GraphFailure, LoadedConfig } from "../../config/load-config.ts";
import { ConfigError } from "../../errors.ts";
import type { ServiceOptions } from "../../service-options.ts";
import { createService, type Service } from "../../service.ts";

export interface FittingOptions extends ServiceOptions {
  readonly workflows: LoadedConfig["workflows"];
  /** Is told of each graph that is left out. */
  readonly onFailure: (failure: GraphFailure) => void;
}

export interface FittingService {
  readonly service: Service;
  /** Those that it serves. */
  readonly workflows: LoadedConfig["workflows"];
}

/**
 * A service of the graphs that can be served together: one that does not fit, by itself or with
 * those before it, is left out. Throws `ConfigError` if that leaves none.
 */
export async function createFittingService(options: FittingOptions): Promise<FittingService> {
  const { workflows, onFailure } = options;
  try {
    return { service: createService(options), workflows };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const fitting = await findFitting(options);
    // It is none of the graphs.
    if (fitting.failures.length === 0) throw error;
    for (const failure of fitting.failures) onFailure(failure);
    if (Object.keys(fitting.workflows).length === 0) {
      throw new ConfigError("None of the graphs can be served", { cause: error });
    }
    const service = createService({ ...options, workflows: fitting.workflows });
    return { service, workflows: fitting.workflows };
  }
}

async function findFitting(options: FittingOptions): Promise<LoadedConfig> {
  let workflows: LoadedConfig["workflows"] = {};
  const failures: GraphFailure[] = [];
  // What there is to warn of, the service that is served does.
  const logger = pino({ enabled: false });
  // None of these services is to take up any runs.
  const backend = memory();
  for (const [workflow, definition] of Object.entries(options.workflows)) {
    const more = { ...workflows, [workflow]: definition };
    try {
      await createService({ ...options, workflows: more, backend, logger })[Symbol.asyncDispose]();
      workflows = more;
    } catch (cause) {
      if (!(cause instanceof ConfigError)) throw cause;
      const reason = `Graph ${JSON.stringify(workflow)} cannot be served: ${cause.message}`;
      failures.push({ workflow, error: new ConfigError(reason, { cause }) });
    }
  }
  return { workflows, failures };
}
