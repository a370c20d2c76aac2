import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { serve, type ServerHandle } from "../../src/server/index.ts";
import { createService, type Service } from "../../src/service.ts";
import { graphOf } from "../support/graphs.ts";
import { handshake } from "../support/raw-socket.ts";
import { recordingLogger } from "../support/recording-logger.ts";

const PROXIED = "https://app.example.com";

let service: Service;
let server: ServerHandle | undefined;
beforeEach(() => {
  service = createService({
    workflows: { work: graphOf(() => undefined) },
    allowedOrigins: [PROXIED],
    logger: recordingLogger(),
  });
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

describe("a service that authenticates nobody", () => {
  test.each(["localhost", "127.0.0.1", "127.0.0.2"])(
    "is served on %s, to this machine",
    async (host) => {
      server = await serve({ service, port: 0, host });
      expect(server.exposure).toBe("this machine");
    },
  );

  test.each(["0.0.0.0", "::", "192.0.2.1", "localhost.example.com"])(
    "is not served on %s: the error says what to do",
    async (host) => {
      await expect(serve({ service, port: 0, host })).rejects.toMatchObject({
        code: "CONFIG",
        message: expect.stringMatching(/authenticate.*localhost.*allowUnauthenticated: true/),
      });
    },
  );

  test("is served on any host if that is meant", async () => {
    server = await serve({ service, port: 0, host: "0.0.0.0", allowUnauthenticated: true });
    expect(server.exposure).toBe("anybody");
    expect(await askAs("evil.example", server)).toMatchObject({ status: 200 });
  });
});

test("a service that authenticates is served on any host, under any name", async () => {
  const authenticated = { ...service, isAuthenticated: true };
  server = await serve({ service: authenticated, port: 0, host: "0.0.0.0" });
  expect(server.exposure).toBe("authenticated");
  expect(await askAs("evil.example", server)).toMatchObject({ status: 200 });
});

describe("a server for this machine only", () => {
  beforeEach(async () => {
    server = await serve({ service, port: 0 });
  });

  test.each(["localhost", "LOCALHOST:1", "127.0.0.1:4000", "[::1]:4000", "app.localhost"])(
    "answers to %s",
    async (name) => {
      expect(await askAs(name, server)).toMatchObject({ status: 200 });
    },
  );

  test("answers to the host of an allowed site, for a proxy beside it", async () => {
    expect(await askAs("app.example.com", server)).toMatchObject({ status: 200 });
  });

  test.each(["evil.example", "evil.example:4000", "127.0.0.1.evil.example", "localhost.evil", "@"])(
    "refuses %s, which a page can have resolve to this machine",
    async (name) => {
      for (const path of ["/graphql?query={__typename}", "/graphql", "/"]) {
        const { status, body } = await askAs(name, server, path);
        expect(status).toBeGreaterThanOrEqual(400);
        expect(body).not.toContain("<title>");
      }
    },
  );

  test("says what to do, and opens no socket, under another name", async () => {
    const { status, body } = await askAs("evil.example", server);
    expect(status).toBe(403);
    expect(JSON.parse(body)).toMatchObject({
      errors: [
        {
          message: expect.stringContaining("ask for localhost"),
          extensions: { code: "FORBIDDEN" },
        },
      ],
    });
    const url = (server?.url ?? "").replace("http", "ws");
    const headers = { host: "evil.example", origin: "http://evil.example" };
    expect(await handshake(url, "graphql-transport-ws", { headers })).toBe(403);
  });
});

/** What is answered to a request with that `Host`. */
async function askAs(
  host: string,
  at: ServerHandle | undefined,
  path = "/graphql?query={__typename}",
) {
  const { port, hostname } = new URL(at?.url ?? "");
  const headers = { host, accept: path === "/graphql" ? "text/html" : "application/json" };
  const asked = request({ port, host: hostname, path, headers }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, body: await text(answer) };
}
