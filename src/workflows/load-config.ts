import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { isWorkflowEvents } from "./define-events.ts";
import type { WorkflowDefinition } from "./define-workflow.ts";
import { isGraph } from "./workflow.ts";

/** The part of LangGraph's `langgraph.json` that is read. */
const Config = z.looseObject({
  graphs: z.record(
    z.string(),
    z.union([z.string(), z.looseObject({ path: z.string(), description: z.string().optional() })]),
  ),
});

/**
 * Loads the workflows that a `langgraph.json` names, each `./module.ts:export` relative to it. A
 * module's `events` export, made by `defineEvents`, declares the events of its graphs. Throws
 * `ConfigError`, which says what is wrong with which file or graph.
 */
export async function loadConfig(
  path: string,
): Promise<Readonly<Record<string, WorkflowDefinition>>> {
  const file = resolve(path);
  const { graphs } = parseConfig(file, await read(file));
  const workflows: Record<string, WorkflowDefinition> = {};
  for (const [name, entry] of Object.entries(graphs)) {
    const spec = typeof entry === "string" ? { path: entry } : entry;
    const loaded = await loadGraph(name, spec.path, dirname(file));
    workflows[name] = { ...loaded, description: spec.description };
  }
  return workflows;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new ConfigError(
      `${file} cannot be read: pass the path of your langgraph.json with --config`,
      { cause: error },
    );
  }
}

function parseConfig(file: string, text: string): z.infer<typeof Config> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${file} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  const result = Config.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ConfigError(
    `${file} is not valid at ${issue?.path.join(".") || "the top"}: ${issue?.message}`,
  );
}

async function loadGraph(
  name: string,
  spec: string,
  directory: string,
): Promise<Pick<WorkflowDefinition, "graph" | "events">> {
  const culprit = `Graph ${JSON.stringify(name)}`;
  // The last colon: an absolute path on Windows has one too.
  const [, path, exportName] = /^(.+?)(?::(\w+))?$/.exec(spec) ?? [];
  const file = resolve(directory, path ?? spec);
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await importModule(file);
  } catch (error) {
    throw new ConfigError(`${culprit}: ${file} fails to load: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const graph = module[exportName ?? "default"];
  if (!isGraph(graph)) {
    throw new ConfigError(
      `${culprit}: the export ${JSON.stringify(exportName ?? "default")} of ${file} is not a compiled ` +
        `graph; it exports ${Object.keys(module).join(", ") || "nothing"}`,
    );
  }
  const events = module["events"];
  return isWorkflowEvents(events) ? { graph, events } : { graph };
}

let hasTypeScript = false;

async function importModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  if (/\.[cm]?tsx?$/.test(file) && !hasTypeScript) {
    const { register } = await import("tsx/esm/api");
    register();
    hasTypeScript = true;
  }
  return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
