import { createRequire, register } from "node:module";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "../errors.ts";
import { modulesOf, readConfigFile } from "./config-file.ts";
import type { ProjectCopies } from "./resolve-hook.ts";

const LANGGRAPH = "@langchain/langgraph";

/**
 * Has this package use the copies of LangGraph and LangChain that the graphs of a `langgraph.json`
 * use, wherever it is installed itself: two in one process do not know each other's classes. To be
 * called before any of our modules that import them. Throws `ConfigError` if the project has none.
 */
export async function useProjectCopies(path: string): Promise<void> {
  const config = await readConfigFile(path);
  // In a monorepo the file may stand above the package of the graphs.
  const places = [...modulesOf(config), join(config.directory, "langgraph.json")];
  const project = places.find((place) => findLanggraph(place) !== undefined);
  const langgraph = project === undefined ? undefined : findLanggraph(project);
  const own = findLanggraph(import.meta.filename);
  if (project === undefined || langgraph === undefined) {
    // Graphs that run elsewhere need only a client, and ours will do.
    const runElsewhere = Object.values(config.graphs).every((entry) => "url" in entry);
    if (runElsewhere && own !== undefined) return;
    throw new ConfigError(
      `${config.directory} has no ${LANGGRAPH}: npm install ${LANGGRAPH} @langchain/core there`,
    );
  }
  if (langgraph === own) return;
  const data: ProjectCopies = {
    ours: new URL("../", import.meta.url).href,
    project: pathToFileURL(project).href,
    langgraph: pathToFileURL(langgraph).href,
  };
  register(`./resolve-hook${extname(import.meta.filename)}`, import.meta.url, { data });
}

/** The main file of the LangGraph that the module `from` gets, links resolved. */
function findLanggraph(from: string): string | undefined {
  try {
    return createRequire(from).resolve(LANGGRAPH);
  } catch {
    return undefined;
  }
}
