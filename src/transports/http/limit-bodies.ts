import { LimitExceededError } from "../../errors.ts";

type Answer = (request: Request) => Response | Promise<Response>;

/** The web classes that requests are made of: Yoga's, which are Node's or quicker ones. */
type FetchApi = Pick<typeof globalThis, "Request" | "Response">;

/**
 * Answers requests as `answer` does, but those with a body of more than `maxBytes` with 413: at once
 * if they say how large it is, otherwise as soon as more has come.
 */
export function limitBodies(
  answer: Answer,
  maxBytes: number,
  { Request, Response }: FetchApi,
): (request: Request) => Promise<Response> {
  const refuse = (): Response => {
    const { message, extensions } = new LimitExceededError({
      limit: "maxBodyBytes",
      max: maxBytes,
      message: `The body has more than ${maxBytes} bytes: send less at a time`,
    });
    return Response.json({ errors: [{ message, extensions }] }, { status: 413 });
  };
  return async (request) => {
    const length = request.headers.get("content-length");
    // No server takes in more than was said.
    if (length !== null) return Number(length) > maxBytes ? refuse() : answer(request);
    const { method, url, headers, signal } = request;
    if (method === "GET" || method === "HEAD" || !request.body) return answer(request);
    const body = await readBody(request.body, maxBytes).catch(() => null);
    // The client has gone in the middle of it.
    if (body === null) return new Response(null, { status: 400 });
    return body ? answer(new Request(url, { method, headers, signal, body })) : refuse();
  };
}

/** The whole of a body; `undefined` as soon as there is more of it than `maxBytes`. */
async function readBody(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reader = body.getReader();
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    bytes += piece.value.byteLength;
    if (bytes > maxBytes) {
      void discard(reader);
      return undefined;
    }
    pieces.push(piece.value);
  }
  return Buffer.concat(pieces);
}

/** Takes in the rest, since a connection that is cut off in the middle of a request gets no answer. */
async function discard(reader: ReadableStreamDefaultReader<unknown>): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // The client has gone.
  }
}
