import type { IncomingMessage } from "node:http";
import type { Pipeline } from "../pipeline/pipeline.ts";

/** Upgrade headers that are about the connection, and not about who makes it. */
const CONNECTION_HEADER = /^(connection|upgrade|host|content-|transfer-|sec-websocket)/;

/** What can stand in a header, and need not be longer (W3C Trace Context §3.3.1.5). */
const HEADER_TEXT = /^[\x20-\x7e]{1,512}$/;

/** What clients may give in `connection_init`, because browsers have no way to give it as a header. */
const TRACE_HEADERS = ["traceparent", "tracestate"];

/** What is kept of an upgrade: a request is larger than that, and a socket may stay for long. */
export interface Upgrade {
  readonly url: string;
  /** Of who makes it. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export function upgradeOf({ url = "/", headers }: IncomingMessage): Upgrade {
  const told = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === "string" && !CONNECTION_HEADER.test(name) ? [[name, value] as const] : [],
  );
  // Whoever upgraded it may have let anything pass, `//` for example, which is no address.
  const address = URL.canParse(url, "ws://localhost") ? url : "/";
  return { url: new URL(address, "ws://localhost").href, headers: told };
}

/**
 * An operation's request as the pipeline wants it. Who makes it is known by then; of what the client gave
 * in `connection_init` only its trace goes into headers, and that only if it is fit to.
 */
export function requestOf(
  { url, headers: told }: Upgrade,
  connectionParams: Readonly<Record<string, unknown>> | undefined,
  { Headers, Request }: Pipeline["fetchAPI"],
): Request {
  const headers = new Headers();
  for (const [name, value] of told) headers.set(name, value);
  for (const name of TRACE_HEADERS) {
    const value = connectionParams?.[name];
    if (typeof value === "string" && HEADER_TEXT.test(value)) headers.set(name, value);
  }
  return new Request(url, { method: "POST", headers });
}
