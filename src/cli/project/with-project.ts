import { dirname, resolve } from "node:path";
import type { ProjectConfig } from "../../define-config.ts";
import type { ServeFlags } from "../serve-options.ts";
import type { Project } from "./load-project.ts";

/** Which flag says the same as a key of the configuration. */
const FLAG_OF = {
  allowUnauthenticated: "allowUnauthenticated",
  allowedOrigins: "origin",
  checkpoints: "checkpoints",
  data: "data",
  drainMs: "drain",
  graphiql: "graphiql",
  host: "host",
  introspection: "introspection",
  logLevel: "logLevel",
  maxBytes: "maxSize",
  metrics: "metrics",
  port: "port",
  retentionMs: "retention",
  role: "role",
  shutdownDelayMs: "shutdownDelay",
  tabs: "tabs",
} as const satisfies Partial<Record<keyof ProjectConfig, string>>;

type OwnKey = keyof typeof FLAG_OF;

/** What a command is to do, by its flags, the environment and the configuration. */
export interface Settings {
  readonly flags: ServeFlags;
  /** What the configuration says to the service, and no flag can. */
  readonly service: Omit<ProjectConfig, OwnKey>;
}

/** A flag that was given, by itself or by the environment, goes before the configuration. */
export function withProject(flags: ServeFlags, { file, config }: Project): Settings {
  const isGiven = (flag: string): boolean => flags.given.includes(flag);
  const merged: Record<string, unknown> = { ...flags };
  const service: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (!Object.hasOwn(FLAG_OF, key)) service[key] = value;
    else if (key !== "data" && value !== undefined && !isGiven(FLAG_OF[key as OwnKey])) {
      merged[FLAG_OF[key as OwnKey]] = value;
    }
  }
  service["limits"] = { ...config.limits, ...flags.limit };
  const { data, tabs } = config;
  if (tabs !== undefined && file !== null && !isGiven("tabs")) {
    merged["tabs"] = resolve(dirname(file), tabs);
  }
  if (data !== undefined && file !== null && !isGiven("data") && !isGiven("memory")) {
    if (data === "memory") merged["memory"] = true;
    else merged["data"] = /^\w+:\/\//.test(data) ? data : resolve(dirname(file), data);
  }
  if (isGiven("trustedDocuments")) delete service["trustedDocuments"];
  // Nothing that it sends would be executed.
  else if (config.trustedDocuments && !isGiven("graphiql")) merged["graphiql"] = false;
  return { flags: merged as unknown as ServeFlags, service };
}
