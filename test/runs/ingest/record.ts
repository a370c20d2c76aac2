import { toJson, type JsonValue } from "../../../src/json.ts";
import type { EventOrigin } from "../../../src/events/run-event.ts";
import type { GraphChunk, Ingest } from "../../../src/runs/ingest/ingest.ts";
import { numberIds } from "./number-ids.ts";
import type { CompiledGraph } from "./random-graph.ts";
import { ENTRYPOINT_PREFIX } from "./random-node.ts";

/** What a run said, a line each; ids that differ from run to run are numbered as they appear. */
export type Recording = readonly string[];

/** What an ingest reported. */
export interface IngestRecording {
  /** The custom events and the updates, and what it rejected with. */
  readonly recording: Recording;
  /** Everything, with its origin. */
  readonly chunks: readonly { readonly chunk: GraphChunk; readonly origin: EventOrigin }[];
  readonly output: Recording;
}

type NativeChunk = readonly [namespace: readonly string[], mode: string, payload: object];

const INPUT = { trail: [] };

/** Records what LangGraph's own stream says, and what it throws at the end. */
export async function recordNative(
  graph: CompiledGraph,
  // Not empty by default: an empty list costs microtasks, too, and so moves nodes that race.
  callbacks?: readonly unknown[],
): Promise<Recording> {
  const lines: string[] = [];
  const streamMode = ["updates", "custom"];
  try {
    // Rejects itself if the graph fails before its first chunk.
    const chunks = await graph.stream(INPUT, { streamMode, subgraphs: true, callbacks });
    for await (const [namespace, mode, payload] of chunks as AsyncIterable<NativeChunk>) {
      if (mode === "custom") {
        lines.push(line("custom", namespace, payload));
      } else {
        for (const [node, changes] of Object.entries(payload) as [string, unknown][]) {
          lines.push(line(node, namespace, changes));
        }
      }
    }
  } catch (error) {
    lines.push(String(error));
  }
  return numberIds(lines);
}

/** Records what `invoke` returns. */
export async function recordInvoke(graph: CompiledGraph): Promise<Recording> {
  return outputLines(toJson(await graph.invoke(INPUT)));
}

export async function recordIngest(
  ingest: Ingest,
  graph: CompiledGraph,
  observe: boolean,
): Promise<IngestRecording> {
  const lines: string[] = [];
  const chunks: { chunk: GraphChunk; origin: EventOrigin }[] = [];
  const outcome = await ingest({
    graph,
    input: INPUT,
    config: {},
    signal: new AbortController().signal,
    observe,
    onChunk(chunk, origin) {
      chunks.push({ chunk, origin });
      const { node, namespace } = origin;
      if (chunk.kind === "written") lines.push(line("custom", namespace, chunk.payload));
      if (chunk.kind === "state") lines.push(line(`${node}`, namespace, chunk.changes));
    },
  }).catch((error: unknown) => {
    lines.push(String(error));
  });
  return {
    recording: numberIds(lines),
    chunks,
    output: outputLines(outcome?.output ?? null),
  };
}

function line(what: string, namespace: readonly string[], payload: unknown): string {
  // LangGraph's mode `custom` takes the entrypoint that called a task for a graph; its modes
  // `updates` and `messages` do not, and neither does the sink.
  const graphs = namespace.filter((segment) => !segment.startsWith(ENTRYPOINT_PREFIX));
  return `${graphs.join("/")} ${what} ${JSON.stringify(toJson(payload))}`;
}

function outputLines(output: JsonValue): Recording {
  return numberIds([JSON.stringify(output)]);
}
