import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { existsSync } from "node:fs";
import { z } from "zod";
import { parseJson } from "../../config/config-file.ts";
import { loadModule } from "../../config/load-module.ts";
import type { ProjectConfig } from "../../define-config.ts";
import { ConfigError } from "../../errors.ts";
import { wrongLimit } from "../../limits.ts";
import { meant } from "../../nearest.ts";
import { DEFAULT_SERVICE_LIMITS } from "../../service-options.ts";

/** The names that a configuration may have, beside the `langgraph.json`; the first that is there counts. */
export const PROJECT_FILES = ["ts", "mts", "js", "mjs", "json"].map(
  (extension) => `langgraph-graphql.config.${extension}`,
);

/** A configuration, and the file that it is of. */
export interface Project {
  /** `null` where there is no such file. */
  readonly file: string | null;
  readonly config: ProjectConfig;
}

/** Every key, so that none is taken for a slip: whoever adds an option to the service adds it here. */
const KEYS: readonly string[] = Object.keys({
  allowUnauthenticated: true,
  allowedOrigins: true,
  authenticate: true,
  authorize: true,
  checkpoints: true,
  compile: true,
  data: true,
  drainMs: true,
  endpoint: true,
  exposeErrors: true,
  graphiql: true,
  host: true,
  introspection: true,
  limits: true,
  logLevel: true,
  maxBytes: true,
  metrics: true,
  port: true,
  redact: true,
  retentionMs: true,
  role: true,
  schema: true,
  shutdownDelayMs: true,
  tabs: true,
  trustedDocuments: true,
  watchTokenSecret: true,
} satisfies Record<keyof ProjectConfig, true>);

const Milliseconds = z.number().min(0, "It must be a time in milliseconds");

/** Of what the command line uses itself; the service judges the rest. */
const Own = z.looseObject({
  port: z.int().min(0).max(65_535).optional(),
  host: z.string().optional(),
  data: z.string().optional(),
  tabs: z.string().optional(),
  checkpoints: z.string().optional(),
  retentionMs: Milliseconds.optional(),
  maxBytes: z.number().positive().optional(),
  drainMs: Milliseconds.optional(),
  shutdownDelayMs: Milliseconds.optional(),
  logLevel: z.enum(["debug", "info", "warn", "error", "silent"]).optional(),
  role: z.enum(["both", "gateway", "worker"]).optional(),
  graphiql: z.boolean().optional(),
  compile: z.boolean().optional(),
  exposeErrors: z.boolean().optional(),
  limits: z.record(z.string(), z.unknown()).optional(),
  schema: z
    .strictObject({
      prefix: z.string().optional(),
      scalars: z.unknown().optional(),
      federation: z.boolean().optional(),
    })
    .optional(),
  introspection: z.boolean().optional(),
  metrics: z.boolean().optional(),
  allowUnauthenticated: z.boolean().optional(),
  allowedOrigins: z.array(z.string()).optional(),
});

/**
 * Loads the configuration beside a `langgraph.json`, if there is one. To be called once the variables
 * of its `env` are set. Throws `ConfigError`, which names the file and the line.
 */
export async function loadProject(langgraphJson: string): Promise<Project> {
  const folder = dirname(resolve(langgraphJson));
  const file = PROJECT_FILES.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (file === undefined) return { file: null, config: {} };
  const source = await readFile(file, "utf8");
  const said = file.endsWith(".json") ? parseJson(file, source) : await exportOf(file);
  if (typeof said !== "object" || said === null || Array.isArray(said)) {
    throw new ConfigError(`${file} must export an object: export default defineConfig({ … })`);
  }
  for (const key of Object.keys(said)) {
    if (KEYS.includes(key)) continue;
    throw new ConfigError(
      `${place(file, source, key)}: there is no option ${JSON.stringify(key)}${meant(key, KEYS)}`,
    );
  }
  const [issue] = Own.safeParse(said).error?.issues ?? [];
  if (issue) {
    const key = String(issue.path[0]);
    throw new ConfigError(
      `${place(file, source, key)}: ${issue.path.join(".")} is not valid: ${issue.message}`,
    );
  }
  const config: ProjectConfig = said;
  const wrong = wrongLimit(Object.keys(DEFAULT_SERVICE_LIMITS), config.limits ?? {});
  if (wrong) {
    const { name, problem } = wrong;
    throw new ConfigError(`${place(file, source, name)}: limits.${name} ${problem}`);
  }
  return { file, config };
}

async function exportOf(file: string): Promise<unknown> {
  const { default: said } = await loadModule("The configuration", file);
  if (said !== undefined) return said;
  throw new ConfigError(`${file} has no default export: export default defineConfig({ … })`);
}

/** Where a key stands in a file, as far as its text tells. */
function place(file: string, source: string, key: string): string {
  const name = key.replace(/[^\w$]/g, "\\$&");
  const lines = source.split("\n");
  const index = lines.findIndex((line) =>
    new RegExp(`(^|[{,\\s])["']?${name}["']?\\s*[:,(}]`).test(line),
  );
  const short = relative(process.cwd(), file).startsWith("..") ? file : basename(file);
  return index < 0 ? short : `${short}:${index + 1}`;
}
