import { request, type IncomingMessage } from "node:http";
import type { Operation } from "./http.ts";

/** An event stream that nobody reads until it is iterated. */
export function openPausedEventStream(url: string, operation: Operation): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", accept: "text/event-stream" };
    const asking = request(url, { method: "POST", headers });
    asking.once("response", (response) => resolve(response.pause()));
    asking.once("error", reject);
    asking.end(JSON.stringify(operation));
  });
}

/** The seqs of its results, in order, until it ends. */
export async function readSeqs(response: IncomingMessage): Promise<readonly number[]> {
  const seqs: number[] = [];
  // A line may come in many pieces; its beginning is what tells.
  let rest = "";
  response.setEncoding("latin1");
  for await (const piece of response) {
    const lines = (rest + String(piece)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, seq] = /^id: (\d+)\./.exec(line) ?? [];
      if (seq !== undefined) seqs.push(Number(seq));
    }
  }
  return seqs;
}
