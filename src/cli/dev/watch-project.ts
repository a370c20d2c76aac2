import { basename, dirname, relative, resolve, sep } from "node:path";
import { watch } from "chokidar";
import { modulesOf, readConfigFile } from "../../config/config-file.ts";

/** Editors write several files at once, or one several times. */
const SETTLE_MS = 100;

/** Folders of what others made. */
const FOREIGN = /^(\..+|node_modules|dist|build|out|coverage)$/;

const SOURCE = /\.[cm]?[jt]sx?$/;
const SETTINGS = ["package.json", "tsconfig.json", "langgraph-graphql.config.json"];

/** The files that a server is made of. Dispose of it to stop watching. */
export interface Project extends AsyncDisposable {
  /** Resolves with the files that changed since the last call, once there are some. */
  changed(): Promise<readonly string[]>;
  /** Reads the `langgraph.json` again: it may name other files. Forgets what changed before. */
  reread(): Promise<void>;
}

/**
 * Watches a `langgraph.json`, its `env` file, and the source files around it and around the graphs
 * that it names.
 */
export async function watchProject(configPath: string): Promise<Project> {
  const config = resolve(configPath);
  let { folders, files } = await placesOf(config);
  const watcher = watch([...folders, ...files], {
    ignoreInitial: true,
    ignored: (path, stats) =>
      !files.includes(path) &&
      (isForeign(path, folders) || (stats?.isFile() === true && !isSource(path))),
  });
  const changes = new Set<string>();
  let wake: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  watcher.on("all", (_event, path) => {
    changes.add(relative(process.cwd(), path));
    clearTimeout(timer);
    timer = setTimeout(() => wake?.(), SETTLE_MS);
  });
  return {
    async changed() {
      if (changes.size === 0) await new Promise<void>((done) => (wake = done));
      wake = undefined;
      const since = [...changes];
      changes.clear();
      return since;
    },
    async reread() {
      clearTimeout(timer);
      changes.clear();
      ({ folders, files } = await placesOf(config));
      watcher.add([...folders, ...files]);
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}

interface Places {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

async function placesOf(config: string): Promise<Places> {
  const folder = dirname(config);
  try {
    const read = await readConfigFile(config);
    const modules = modulesOf(read).map((file) => dirname(file));
    const env = typeof read.env === "string" ? [resolve(folder, read.env)] : [];
    return { folders: [...new Set([folder, ...modules])], files: [config, ...env] };
  } catch {
    // The server says what is wrong with it.
    return { folders: [folder], files: [config] };
  }
}

/** Below one of `folders`, but in a folder that holds no sources. */
function isForeign(path: string, folders: readonly string[]): boolean {
  const below = folders
    .map((folder) => relative(folder, path))
    .filter((rest) => !rest.startsWith(".."))
    .sort((a, b) => a.length - b.length)[0];
  if (below === undefined) return false;
  return below.split(sep).some((segment) => FOREIGN.test(segment));
}

function isSource(path: string): boolean {
  return SOURCE.test(path) || SETTINGS.includes(basename(path));
}
