import type { Work } from "../graph.ts";
import { overSse, overWebSocket, runOperation, OURS } from "../peers.ts";
import { startChild } from "./processes.ts";

export interface Frames {
  readonly websocket: string;
  readonly sse: string;
}

/** What ours sends for an event in the midst of a run, for the raw servers to send. */
export async function captureFrames(work: Work): Promise<Frames> {
  await using child = await startChild(OURS.file, OURS.options);
  let websocket = "";
  const socket = await overWebSocket(child, runOperation(work), (buffer, start, end) => {
    websocket = buffer.toString("utf8", start, end);
  });
  await socket.tally.completed();
  socket.close();

  let sse = "";
  const source = await overSse(child, runOperation(work), (buffer, start, end) => {
    // Its `id:` stands before what a frame is recognised by.
    const before = buffer.lastIndexOf("\n\n", start);
    sse = buffer.toString("utf8", before === -1 ? 0 : before + 2, end);
  });
  await source.tally.completed();
  source.close();
  return { websocket, sse: `${sse}\n\n` };
}
