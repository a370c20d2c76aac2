import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ConfigError, createService, type TrustedDocuments } from "../../../src/index.ts";
import { report } from "../../support/graphs.ts";
import {
  openEventSource,
  post,
  postEvents,
  readResults,
  type Operation,
} from "../../support/http.ts";
import type { Result } from "../../support/result.ts";
import { startService, type RunningService } from "../../support/service.ts";

const FOLLOW = `subscription ($items: [String!]!) {
  runWorkflow(input: { report: { items: $items } }) { ... on ProgressEvent { status } }
}`;
const WATCH = `subscription ($runId: ID!) { workflowEvents(runId: $runId) { ... on ProgressEvent { status } } }`;
const documents = { follow: FOLLOW, watch: WATCH, names: "{ workflows { name } }" };
const variables = { items: ["a"] };
const OTHER = "{ workflows { description } }";

const named = (id: string, query = ""): Operation => ({
  query,
  variables,
  extensions: { persistedQuery: { version: 1, sha256Hash: id } },
});

/** Every way by which an operation comes. */
const TRANSPORTS: Readonly<
  Record<string, (service: RunningService, operation: Operation) => Promise<Result>>
> = {
  HTTP: ({ url }, operation) => post(url, operation),
  "server-sent events": async ({ url }, operation) => {
    const response = await postEvents(url, operation);
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
    if (!isStream) return (await response.json()) as Result;
    const [first] = await readResults(response);
    if (!first) throw new Error("No result came");
    return first;
  },
  WebSocket: async ({ wsUrl }, operation) => {
    const client = createClient({ url: wsUrl, webSocketImpl: WebSocket });
    try {
      for await (const result of client.iterate(operation)) return result as Result;
      throw new Error("No result came");
    } catch (error) {
      return { errors: error } as Result;
    } finally {
      await client.dispose();
    }
  },
};

const start = (trustedDocuments: TrustedDocuments) =>
  startService({ workflows: { report }, trustedDocuments });

describe.each(Object.entries(TRANSPORTS))("over %s", (transport, send) => {
  const id = transport === "HTTP" ? "names" : "follow";
  const expected =
    transport === "HTTP"
      ? { workflows: [{ name: "report" }] }
      : { runWorkflow: { status: "Processing a" } };
  let service: RunningService;
  beforeAll(async () => {
    service = await start({ documents });
  });
  afterAll(() => service[Symbol.asyncDispose]());

  test("the id of a trusted document is executed as the document", async () => {
    expect(await send(service, named(id))).toMatchObject({ data: expected });
  });

  test("a document that is sent beside the id of a trusted one changes nothing", async () => {
    expect(await send(service, named(id, OTHER))).toMatchObject({ data: expected });
  });

  test("a document is FORBIDDEN, with an id that is not trusted, too", async () => {
    for (const operation of [{ query: OTHER }, named("other", OTHER)]) {
      const { data, errors } = await send(service, operation);
      expect(data ?? null).toBeNull();
      expect(errors?.map(({ extensions }) => extensions)).toEqual([{ code: "FORBIDDEN" }]);
    }
  });

  test.each(["other", "toString", "__proto__"])("the unknown id %s is refused", async (unknown) => {
    const { errors } = await send(service, named(unknown));
    expect(errors).toMatchObject([
      {
        message: "PersistedQueryNotFound",
        extensions: { code: "PERSISTED_QUERY_NOT_FOUND", documentId: unknown },
      },
    ]);
  });

  test("with `only: false` other documents are executed as ever", async () => {
    await using open = await start({ documents, only: false });
    expect(await send(open, named(id))).toMatchObject({ data: expected });
    const other = await send(open, named("other", documents[id]));
    expect(other).toMatchObject({ data: expected });
    expect((await send(open, named("other"))).errors?.[0]?.extensions?.["code"]).toBe(
      "PERSISTED_QUERY_NOT_FOUND",
    );
  });

  test("a function that fails is an INTERNAL error of that operation", async () => {
    await using broken = await start({
      documents: () => {
        throw new Error("The bucket is away");
      },
    });
    const { errors } = await send(broken, named(id));
    expect(errors).toMatchObject([{ extensions: { code: "INTERNAL" } }]);
    const { errorId } = errors?.[0]?.extensions ?? {};
    expect(broken.log.join()).toContain(String(errorId));
    expect(broken.log.join()).toContain("The bucket is away");
  });

  test("a function finds documents elsewhere", async () => {
    const asked: string[] = [];
    await using elsewhere = await start({
      documents: async (unknown) => {
        asked.push(unknown);
        return documents[id];
      },
    });
    expect(await send(elsewhere, named("any"))).toMatchObject({ data: expected });
    expect(asked).toEqual(["any"]);
  });
});

test("without an id, and without a document, an operation is FORBIDDEN", async () => {
  await using service = await start({ documents });
  const { errors } = await post(service.url, {} as Operation);
  expect(errors).toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
});

test("an EventSource names its document in a short address, and is told with a status that it is not trusted", async () => {
  await using service = await start({ documents });
  const follow = (operation: Operation) => openEventSource(service.url, operation);
  expect((await follow({ query: WATCH })).status).toBe(403);
  expect((await follow(named("other"))).status).toBe(404);
  const watched = await follow({ ...named("watch"), variables: { runId: "none" } });
  expect(await watched.json()).toMatchObject({ errors: [{ extensions: { code: "NOT_FOUND" } }] });
});

test("`POST /stream` goes on, whose document is the service's own", async () => {
  await using service = await start({ documents });
  const address = new URL("/stream/report", service.url);
  const response = await fetch(address, { method: "POST", body: JSON.stringify(variables) });
  expect(await response.text()).toContain("Processing a");
});

test("documents that are none are refused at the start", () => {
  const wrong = { documents: { follow: 1 } } as unknown as TrustedDocuments;
  expect(() => createService({ workflows: { report }, trustedDocuments: wrong })).toThrow(
    ConfigError,
  );
});
