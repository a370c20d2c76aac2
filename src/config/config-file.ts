import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { ConfigError } from "../errors.ts";

/** A graph in a module of the project: `./agent.ts:graph`. */
const LocalEntry = z.object({ path: z.string(), description: z.string().optional() });

/** A graph of another LangGraph server. */
const RemoteEntry = z.object({
  url: z.string(),
  /** Its name or assistant id there; the same as here when it is left out. */
  graph: z.string().optional(),
  apiKey: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** The module that declares its events, since it does not come with one: `./events.ts`. */
  events: z.string().optional(),
  description: z.string().optional(),
});

/** The part of LangGraph's `langgraph.json` that is read; everything else is somebody else's. */
const Config = z.looseObject({
  graphs: z.record(
    z.string(),
    z.union([z.string().transform((path) => ({ path })), LocalEntry, RemoteEntry], {
      error: 'It must be "./module.ts:export", { "path": … } or { "url": …, "graph": … }',
    }),
  ),
  env: z.union([z.string(), z.array(z.string()), z.record(z.string(), z.string())]).default({}),
});

export type LocalEntry = z.infer<typeof LocalEntry>;
export type RemoteEntry = z.infer<typeof RemoteEntry>;

/** A `langgraph.json` that was read and is valid. */
export interface ConfigFile {
  /** What the paths in it are relative to. */
  readonly directory: string;
  readonly graphs: Readonly<Record<string, LocalEntry | RemoteEntry>>;
  /** The path of a file, variables with their values, or the names of variables. */
  readonly env: string | readonly string[] | Readonly<Record<string, string>>;
}

/** Reads a `langgraph.json`. Throws `ConfigError`. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const file = resolve(path);
  const result = Config.safeParse(parseJson(file, await read(file)));
  if (result.success) return { ...result.data, directory: dirname(file) };
  const [issue] = result.error.issues;
  throw new ConfigError(
    `${file} is not valid at ${issue?.path.join(".") || "the top"}: ${issue?.message}`,
  );
}

/** A module of the project and one of its exports. */
export interface ModuleExport {
  readonly file: string;
  readonly exportName: string;
}

/** What `./module.ts:export` means in a `langgraph.json` in `directory`. */
export function parseExport(spec: string, directory: string, byDefault: string): ModuleExport {
  // The last colon: an absolute path on Windows has one too.
  const [, path = spec, exportName = byDefault] = /^(.+?)(?::([\w$]+))?$/.exec(spec) ?? [];
  return { file: resolve(directory, path), exportName };
}

/** The modules of the project that are named. */
export function modulesOf({ graphs, directory }: ConfigFile): readonly string[] {
  const specs = Object.values(graphs).map((entry) => ("url" in entry ? entry.events : entry.path));
  return specs
    .filter((spec) => spec !== undefined)
    .map((spec) => parseExport(spec, directory, "default").file);
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

/** Throws `ConfigError`, which names the line. */
export function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    const line = text.slice(0, positionOf(message, text)).split("\n").length;
    throw new ConfigError(`${file}:${line} is not JSON: ${message}`, { cause: error });
  }
}

/** V8 names the position, or quotes ten characters on each side of it, or means the end. */
function positionOf(message: string, text: string): number {
  const [, position] = /at position (\d+)/.exec(message) ?? [];
  if (position !== undefined) return Number(position);
  const [, ellipsis, quoted] =
    /, (\.\.\.)?"(.*)"(?:\.\.\.)? is not valid JSON$/s.exec(message) ?? [];
  if (quoted === undefined) return text.length;
  return ellipsis ? text.indexOf(quoted) + 10 : Math.max(quoted.length - 10, 0);
}
