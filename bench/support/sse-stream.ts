import { Agent, request, type IncomingMessage } from "node:http";
import type { OnEvent, Stream } from "./stream.ts";
import { Tally } from "./tally.ts";

export interface EventSourceRequest {
  readonly url: string;
  readonly body: object;
  /** What a frame of an event begins with, somewhere: `event: next`. */
  readonly marker: string;
}

/** Asks for server-sent events, and counts those with the marker without looking into them. */
export async function openEvents(
  { url, body, marker }: EventSourceRequest,
  onEvent?: OnEvent,
): Promise<Stream> {
  const tally = new Tally();
  const headers = { "content-type": "application/json", accept: "text/event-stream" };
  const sentAt = performance.now();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { method: "POST", headers, agent: new Agent() })
      .on("response", resolve)
      .on("error", reject)
      .end(JSON.stringify(body));
  });
  if (response.statusCode !== 200) {
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += chunk;
    throw new Error(`${url} answered ${response.statusCode}: ${text.slice(0, 1_000)}`);
  }
  const count = countMarkers(Buffer.from(`${marker}\n`), onEvent);
  response.on("data", (chunk: Buffer) => tally.add(count(chunk), chunk.length));
  response.on("end", () => tally.complete());
  response.on("error", (error) => tally.fail(error));
  return {
    tally,
    sentAt,
    stall: () => void response.pause(),
    close: () => void response.destroy(),
  };
}

/** Markers in the pieces of a stream, those included that two pieces share. */
function countMarkers(marker: Buffer, onEvent?: OnEvent): (chunk: Buffer) => number {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let found = 0;
    let after = 0;
    for (;;) {
      const at = buffer.indexOf(marker, after);
      if (at === -1) break;
      // Its data may be on the way yet.
      const end = onEvent ? buffer.indexOf("\n\n", at) : at + marker.length;
      if (end === -1) {
        after = at;
        break;
      }
      onEvent?.(buffer, at, end);
      found += 1;
      after = end;
    }
    rest = buffer.subarray(onEvent ? after : Math.max(after, buffer.length - marker.length + 1));
    return found;
  };
}
