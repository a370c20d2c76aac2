import type { ServeOptions } from "./server/serve.ts";
import type { ServiceOptions } from "./service-options.ts";

/**
 * What a `langgraph-graphql.config.ts` beside the `langgraph.json` says: how `serve` and `dev` serve its
 * graphs. All that `createService` and `serve` take, except for what the command line makes itself.
 * Flags come first, then the environment, then this file, then the defaults.
 */
export interface ProjectConfig
  extends
    Omit<ServiceOptions, "workflows" | "backend" | "logger">,
    Omit<ServeOptions, "service" | "graphiql"> {
  /** Whether to serve GraphiQL. @default true unless `NODE_ENV` is `production` */
  readonly graphiql?: boolean | undefined;
  /** A folder of `.graphql` files, relative to this one, that GraphiQL opens as tabs. @default one a workflow */
  readonly tabs?: string | undefined;
  /**
   * Where runs are kept: a file, relative to this one; `memory` for nowhere; or the address of a
   * database, `postgres://…` or `redis://…`.
   * @default ".langgraph-graphql/data.sqlite"
   */
  readonly data?: string | undefined;
  /** Where checkpoints are kept beside `redis://…`: `postgres://…`. @default in Redis */
  readonly checkpoints?: string | undefined;
  /** How long ended runs are kept, in milliseconds. @default 604_800_000 (7 days); 1 hour in memory */
  readonly retentionMs?: number | undefined;
  /** Beyond so many bytes the events of the oldest runs are let go. @default 1 GiB; 256 MiB in memory */
  readonly maxBytes?: number | undefined;
  /** @default "info" */
  readonly logLevel?: "debug" | "info" | "warn" | "error" | "silent" | undefined;
}

/** Gives a configuration its type: `export default defineConfig({ port: 8080 })`. */
export function defineConfig(config: ProjectConfig): ProjectConfig {
  return config;
}
