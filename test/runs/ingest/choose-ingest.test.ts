import { afterEach, describe, expect, test, vi } from "vitest";
import type { GraphChunk, Ingest } from "../../../src/runs/ingest/ingest.ts";
import type { EventOrigin } from "../../../src/events/run-event.ts";
import type { Graph } from "../../../src/workflows/graph.ts";
import { graphOf } from "../../support/graphs.ts";
import { recordingLogger } from "../../support/recording-logger.ts";

// What the probe finds is kept for the process, so every test loads the module anew.
afterEach(() => {
  vi.resetModules();
  vi.doUnmock("../../../src/runs/ingest/sink.ts");
});

const graph = graphOf(({ write }) => write("hello"));

/** As `RemoteGraph` is: it streams, and has no nodes here. */
const remote: Graph & { invoke(): void } = {
  stream: (input, options) => graph.stream(input as never, options) as never,
  invoke: () => undefined,
};

describe("a graph", () => {
  test("that runs here is read through the sink: what it writes names its node", async () => {
    const logger = recordingLogger();
    const { chooseIngest } = await import("../../../src/runs/ingest/choose-ingest.ts");
    const heard = await listen(chooseIngest(graph, logger), graph);
    expect(heard).toContainEqual([{ kind: "written", payload: "hello" }, "work"]);
    expect(logger.lines).toEqual([]);
  });

  test("that runs elsewhere is read through its public stream, without the node", async () => {
    const { chooseIngest } = await import("../../../src/runs/ingest/choose-ingest.ts");
    const heard = await listen(chooseIngest(remote, recordingLogger()), remote);
    expect(heard).toContainEqual([{ kind: "written", payload: "hello" }, null]);
    expect(heard).toContainEqual([{ kind: "state", changes: { done: true } }, "work"]);
  });

  test("under a LangGraph whose sink is silent is read through its public stream, with one warning", async () => {
    const silent: Ingest = async () => ({ output: null, interrupts: [], isInterrupted: false });
    vi.doMock("../../../src/runs/ingest/sink.ts", () => ({ ingestBySink: silent }));
    const logger = recordingLogger();
    const { chooseIngest } = await import("../../../src/runs/ingest/choose-ingest.ts");
    for (let i = 0; i < 2; i++) {
      const heard = await listen(chooseIngest(graph, logger), graph);
      expect(heard).toContainEqual([{ kind: "written", payload: "hello" }, null]);
    }
    expect(logger.lines.map(({ level }) => level)).toEqual(["warn"]);
  });
});

async function listen(
  ingest: Ingest,
  to: Graph,
): Promise<readonly (readonly [GraphChunk, string | null])[]> {
  const heard: [GraphChunk, string | null][] = [];
  await ingest({
    graph: to,
    input: {},
    config: {},
    signal: new AbortController().signal,
    observe: true,
    onChunk: (chunk, { node }: EventOrigin) => heard.push([chunk, node]),
  });
  return heard;
}
