import type { EventOrigin } from "../../../src/events/run-event.ts";
import { toJson } from "../../../src/json.ts";
import type {
  GraphChunk,
  Ingest,
  IngestOutcome,
  IngestRequest,
} from "../../../src/runs/ingest/ingest.ts";
import { ingestBySink } from "../../../src/runs/ingest/sink.ts";
import { numberIds } from "./number-ids.ts";

/** A run, told by the chunks that an ingest reported. */
export interface Story {
  /** One line a chunk, such as `a #0, step 1, try 1: started`; unknown parts of an origin are `?`. */
  lines(...kinds: readonly GraphChunk["kind"][]): string[];
  readonly chunks: readonly (GraphChunk & { readonly origin: EventOrigin })[];
  /** Resolves and rejects as the ingest does. */
  readonly outcome: Promise<IngestOutcome>;
}

export interface StoryRequest extends Partial<IngestRequest> {
  readonly ingest?: Ingest;
  /** Called with each chunk when it is reported. */
  readonly onLine?: (line: string) => unknown;
}

/** Runs a graph to its end, observed, and does not throw if the graph does. */
export async function tell(
  graph: IngestRequest["graph"],
  { ingest = ingestBySink, onLine, ...request }: StoryRequest = {},
): Promise<Story> {
  const chunks: (GraphChunk & { origin: EventOrigin })[] = [];
  const outcome = ingest({
    graph,
    input: {},
    config: {},
    signal: new AbortController().signal,
    observe: true,
    onChunk(chunk, origin) {
      chunks.push({ ...chunk, origin });
      onLine?.(lineOf({ ...chunk, origin }));
    },
    ...request,
  });
  await outcome.catch(() => undefined);
  return {
    chunks,
    outcome,
    lines: (...kinds) =>
      numberIds(
        chunks.filter(({ kind }) => kinds.length === 0 || kinds.includes(kind)).map(lineOf),
      ),
  };
}

function lineOf({ origin, ...chunk }: GraphChunk & { origin: EventOrigin }): string {
  const { namespace, node, taskId, step, nodeAttempt } = origin;
  const path = [...namespace, node ?? "?"].join("/");
  return `${path} ${taskId ?? "?"}, step ${step ?? "?"}, try ${nodeAttempt ?? "?"}: ${wordsOf(chunk)}`;
}

function wordsOf(chunk: GraphChunk): string {
  switch (chunk.kind) {
    case "written":
      return `wrote ${JSON.stringify(toJson(chunk.payload))}`;
    case "state":
      return `updated ${JSON.stringify(toJson(chunk.changes))}`;
    case "message":
      return `said ${JSON.stringify((chunk.message as { readonly content: unknown }).content)}`;
    case "node":
      return chunk.phase === "failed" ? `failed, ${String(chunk.error)}` : chunk.phase;
  }
}
