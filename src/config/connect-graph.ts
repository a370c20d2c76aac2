import type { RemoteGraph } from "@langchain/langgraph/remote";
import { ConfigError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { isWorkflowEvents, type WorkflowEvents } from "../workflows/define-events.ts";
import type { WorkflowDefinition } from "../workflows/define-workflow.ts";
import { parseExport, type RemoteEntry } from "./config-file.ts";
import { expandVariables } from "./environment.ts";
import { fetchHere } from "./fetch-here.ts";
import { LanggraphServer, type AssistantSchemas } from "./langgraph-server.ts";
import { loadModule } from "./load-module.ts";

/**
 * A graph of another LangGraph server, Python ones too, with the schemas that the server tells.
 * Throws `ConfigError` if the server cannot be reached, does not let us in, has no such graph, or is
 * no LangGraph server.
 */
export async function connectGraph(
  name: string,
  entry: RemoteEntry,
  directory: string,
  logger: Pick<Logger, "warn">,
): Promise<WorkflowDefinition> {
  const culprit = `Graph ${JSON.stringify(name)}`;
  const expand = (text: string): string => expandVariables(text, culprit);
  const url = expand(entry.url).replace(/\/+$/, "");
  if (!/^https?:/.test(url) || !URL.canParse(url)) {
    throw new ConfigError(`${culprit}: ${JSON.stringify(url)} is not a URL: write https://…`);
  }
  const headers: Record<string, string> = {};
  for (const [header, value] of Object.entries(entry.headers ?? {}))
    headers[header] = expand(value);
  if (entry.apiKey !== undefined) headers["x-api-key"] = expand(entry.apiKey);

  const graphId = entry.graph ?? name;
  const said = await new LanggraphServer({ url, headers, culprit }).schemasOf(graphId);
  if (!said) {
    logger.warn({ workflow: name }, `${url} cannot tell the graph's schemas: it is served untyped`);
  }
  const graph = await createRemoteGraph(graphId, url, headers);
  return {
    graph: Object.assign(graph, { outputChannels: keysOf(said?.output_schema) }),
    schemas: said && toSchemas(said),
    events:
      entry.events === undefined ? undefined : await loadEvents(culprit, entry.events, directory),
    description: entry.description,
  };
}

/** A `RemoteGraph` that shows the headers to the server at `url` alone. */
async function createRemoteGraph(
  graphId: string,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<RemoteGraph> {
  const { RemoteGraph } = await import("@langchain/langgraph/remote");
  // The key is among the headers. Without any, the client looks for one in the environment, and
  // would show it to whatever server this is; `null` tells it not to, which the type leaves out.
  const apiKey = null as unknown as string;
  const { client } = new RemoteGraph({ graphId, url, apiKey }) as unknown as { client: Client };
  // A graph takes no `fetch` for its client, whose class is in a package that only LangGraph has.
  const Client = client.constructor as new (options: object) => Client;
  const callerOptions = { fetch: fetchHere };
  return new RemoteGraph({
    graphId,
    client: new Client({ apiUrl: url, defaultHeaders: headers, apiKey, callerOptions }),
  });
}

type Client = NonNullable<ConstructorParameters<typeof RemoteGraph>[0]["client"]>;

async function loadEvents(
  culprit: string,
  spec: string,
  directory: string,
): Promise<WorkflowEvents> {
  const { file, exportName } = parseExport(spec, directory, "events");
  const { [exportName]: events } = await loadModule(culprit, file);
  if (isWorkflowEvents(events)) return events;
  throw new ConfigError(
    `${culprit}: the export ${JSON.stringify(exportName)} of ${file} is not what defineEvents makes`,
  );
}

/** Which keys of the state are the output: what a graph that runs here says itself. */
function keysOf(schema: AssistantSchemas["output_schema"]): readonly string[] | undefined {
  return schema?.properties ? Object.keys(schema.properties) : undefined;
}

function toSchemas(said: AssistantSchemas): WorkflowDefinition["schemas"] {
  return {
    input: known(said.input_schema),
    output: known(said.output_schema),
    state: known(said.state_schema),
    context: known(said.context_schema ?? said.config_schema),
  };
}

/** An empty schema says nothing. */
function known(schema: object | null | undefined): object | undefined {
  return schema && Object.keys(schema).length > 0 ? schema : undefined;
}
