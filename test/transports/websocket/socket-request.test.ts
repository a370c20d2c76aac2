import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { requestOf, upgradeOf } from "../../../src/transports/websocket/socket-request.ts";

const upgrade = (url: string | undefined, headers: IncomingMessage["headers"] = {}) =>
  upgradeOf({ url, headers } as IncomingMessage);

/** As the platform makes requests, which throws for what cannot stand in a header. */
const requested = (
  headers: IncomingMessage["headers"],
  connectionParams?: Readonly<Record<string, unknown>>,
): Record<string, string> => {
  const request = requestOf(upgrade("/graphql", headers), connectionParams, globalThis);
  return Object.fromEntries(request.headers);
};

test("an operation has the headers of its socket's upgrade, but for those about the connection", () => {
  const headers = {
    host: "localhost",
    upgrade: "websocket",
    "sec-websocket-key": "a",
    cookie: "b",
  };
  expect(requested(headers)).toEqual({ cookie: "b" });
});

test("the trace that a browser gives in connection_init goes before that of the upgrade", () => {
  expect(requested({ traceparent: "of the upgrade" }, { traceparent: "its own" })).toEqual({
    traceparent: "its own",
  });
});

test.each<[what: string, value: unknown]>([
  ["a line break", "a\r\nx-api-key: key"],
  ["what no header can carry", "тайна"],
  ["a NUL", "a\0"],
  ["no text", { toString: "a" }],
  ["much", "a".repeat(513)],
  ["nothing", ""],
])("%s in connection_init is left out", (_what, value) => {
  const names = ["authorization", "Authorization", "traceparent", "tracestate"];
  const connectionParams = Object.fromEntries(names.map((name) => [name, value]));
  expect(requested({}, connectionParams)).toEqual({});
});

test.each([undefined, "//", "http://[", "/graphql?a=b"])(
  "an upgrade to the address %s has one that can be read",
  (url) => {
    expect(upgrade(url).url).toMatch(/^ws:\/\/localhost\//);
  },
);
