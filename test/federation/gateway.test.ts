import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  createGatewayRuntime,
  type GatewayConfigSupergraph,
  type GatewayRuntime,
} from "@graphql-hive/gateway-runtime";
import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createService, type Service } from "../../src/index.ts";
import { serve, type ServerHandle } from "../../src/server/index.ts";
import { report } from "../support/graphs.ts";
import { post, postEvents, readResults } from "../support/http.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { eventOf } from "../support/result.ts";
import { sdlOf, serveNotes, type Subgraph } from "./subgraphs.ts";

let service: Service;
let server: ServerHandle;
let notes: Subgraph & AsyncDisposable;
let supergraph: string;
/** How the gateway has asked our subgraph. */
const asked: string[] = [];

beforeAll(async () => {
  service = createService({
    workflows: { report },
    logger: recordingLogger(),
    schema: { federation: true },
  });
  server = await serve({
    service: {
      ...service,
      fetch(request) {
        asked.push(`${request.method} ${request.headers.get("accept")?.split(",")[0]}`);
        return service.fetch(request);
      },
      acceptSocket(socket, request) {
        asked.push(socket.protocol);
        service.acceptSocket(socket, request);
      },
    },
    port: 0,
    graphiql: false,
  });
  notes = await serveNotes();
  const runs = { name: "runs", sdl: await sdlOf(service.schema), url: server.url };
  const { supergraphSdl, errors } = composeServices(
    [runs, notes].map(({ name, sdl, url }) => ({ name, url, typeDefs: parse(sdl) })),
  );
  if (supergraphSdl === undefined) throw new Error(errors?.map(String).join());
  supergraph = supergraphSdl;
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await notes[Symbol.asyncDispose]();
});

/** Hive's gateway on a port of its own. */
async function startGateway(
  transportEntries: GatewayConfigSupergraph["transportEntries"],
): Promise<AsyncDisposable & { readonly url: string }> {
  const gateway: GatewayRuntime = createGatewayRuntime({
    supergraph,
    logging: false,
    ...(transportEntries && { transportEntries }),
  });
  const listener: Server = createServer((request, response) => void gateway(request, response));
  await new Promise<void>((resolve) => listener.listen(0, "localhost", resolve));
  const { port } = listener.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/graphql`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => listener.close(resolve));
      listener.closeAllConnections();
      await closed;
      await gateway[Symbol.asyncDispose]();
    },
  };
}

const RUN = {
  query: `subscription {
    runWorkflow(input: { report: { items: ["a", "b"] } }, only: [PROGRESS, RUN_STATUS]) {
      ... on ProgressEvent { status }
      ... on RunStatusEvent { runStatus cursor run { id note } }
    }
  }`,
};

describe("behind Hive's gateway", () => {
  test("a query reaches across: foreign fields of a run and its thread, and our fields of a workflow that another refers to", async () => {
    await using gateway = await startGateway(undefined);
    const { data: started } = await post(gateway.url, {
      query:
        "mutation { startRun(input: { report: { items: [] } }) { run { id note thread { title } } } }",
    });
    const { run } = started?.["startRun"] as {
      readonly run: { id: string; note: string; thread: object };
    };
    expect(run.note).toBe(`Note of ${run.id}`);
    expect(run.thread).toEqual({ title: `Title of ${run.id}` });
    const { data } = await post(gateway.url, {
      query: "{ notes { text workflow { name field nodes { name } } } }",
    });
    expect(data?.["notes"]).toMatchObject([
      {
        text: "Run it on Mondays",
        workflow: { field: "report", nodes: [{}, { name: "work" }, {}] },
      },
    ]);
  });

  test("errors keep their codes and problems", async () => {
    await using gateway = await startGateway(undefined);
    const { errors } = await post(gateway.url, {
      query: "query ($first: Int!) { runs(first: $first) { hasMore } }",
      variables: { first: 0 },
    });
    expect(errors).toMatchObject([
      { extensions: { code: "BAD_USER_INPUT", problems: [{ path: ["first"] }] } },
    ]);
  });

  test.each<readonly [string, GatewayConfigSupergraph["transportEntries"], string]>([
    [
      "over graphql-transport-ws",
      { runs: { options: { subscriptions: { kind: "ws", location: "/graphql" } } } },
      "graphql-transport-ws",
    ],
    [
      "over POST and server-sent events",
      { runs: { options: { method: "POST" } } },
      "POST text/event-stream",
    ],
  ])(
    "a run is started and followed %s, with a foreign field in its events",
    async (_name, transportEntries, how) => {
      await using gateway = await startGateway(transportEntries);
      asked.length = 0;
      const events = (await readResults(await postEvents(gateway.url, RUN))).map(eventOf);
      expect(asked).toContain(how);
      const id = String((events[0]?.["run"] as { readonly id: string }).id);
      const status = (runStatus: string) => ({
        runStatus,
        cursor: expect.stringContaining(id) as string,
        run: { id, note: `Note of ${id}` },
      });
      expect(events).toEqual([
        status("QUEUED"),
        status("RUNNING"),
        { status: "Processing a" },
        { status: "Processing b" },
        status("SUCCEEDED"),
      ]);
    },
  );

  test("as Hive asks by default, with a GET, no run is started, and the error says what to do", async () => {
    await using gateway = await startGateway(undefined);
    const [result] = await readResults(await postEvents(gateway.url, RUN));
    expect(result?.errors).toMatchObject([
      { message: expect.stringContaining("use POST") as string, extensions: { code: "FORBIDDEN" } },
    ]);
  });
});
