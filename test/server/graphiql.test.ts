import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGraphiql } from "../../src/server/graphiql.ts";
import type { GraphiqlHandler, GraphiqlOptions } from "../../src/server/graphiql.ts";

const HTML =
  '<script type="application/json" id="graphiql-config">__GRAPHIQL_CONFIG__</script>' +
  '<script type="module" src="./assets/index-abc.js"></script>';
const SCRIPT = "export const answer = 42;\n".repeat(100);

let directory: URL;
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "graphiql-"));
  directory = pathToFileURL(`${root}/graphiql/`);
  await mkdir(new URL("assets/", directory), { recursive: true });
  await writeFile(new URL("index.html", directory), HTML);
  await writeFile(new URL("assets/index-abc.js", directory), SCRIPT);
  await writeFile(new URL("assets/.hidden", directory), "secret");
  await writeFile(join(root, "secret.txt"), "secret");
});
afterAll(() => rm(root, { recursive: true }));

const graphiql = (options?: Partial<GraphiqlOptions>): GraphiqlHandler =>
  createGraphiql({ endpoint: "/graphql", title: "Toy", tabs: [], directory, ...options });

const request = (path: string, headers: Record<string, string> = {}, method = "GET"): Request =>
  new Request(`http://localhost:4000${path}`, { method, headers });

const BROWSER = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

async function answer(handler: GraphiqlHandler, asked: Request): Promise<Response> {
  const response = await handler(asked);
  if (!response) throw new Error(`${asked.method} ${asked.url} was left to the API`);
  return response;
}

function configOf(html: string): unknown {
  return JSON.parse(/id="graphiql-config">([^<]*)<\/script>/.exec(html)?.[1] ?? "");
}

test("a browser that opens the API's address gets the page with its configuration", async () => {
  const tabs = [{ title: "Watch", query: "subscription Watch { events }", variables: '{"a":1}' }];
  const page = await answer(graphiql({ tabs }), request("/graphql?x=1", BROWSER));
  expect(page.status).toBe(200);
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.headers.get("cache-control")).toBe("no-cache");
  expect(configOf(await page.text())).toEqual({ title: "Toy", endpoint: "/graphql", tabs });
});

test("caches keep the page and the API's answers at the same address apart", async () => {
  const page = await answer(graphiql(), request("/graphql", BROWSER));
  expect(page.headers.get("vary")).toContain("accept");
});

test("no title or query can break out of the configuration", async () => {
  const hostile = "</script><script>alert(1)</script><!-- $& $' `";
  const tabs = [{ title: hostile, query: hostile }];
  const page = await answer(graphiql({ title: hostile, tabs }), request("/graphql", BROWSER));
  const html = await page.text();
  expect(html).not.toContain("alert(1)</script>");
  expect(configOf(html)).toEqual({ title: hostile, endpoint: "/graphql", tabs });
});

test("the page may load from its own host only, and runs no inline script", async () => {
  const page = await answer(graphiql(), request("/graphql", BROWSER));
  const policy = page.headers.get("content-security-policy") ?? "";
  const directives = policy.split("; ").map((directive) => directive.split(" "));
  const sources = new Set(directives.flatMap(([, ...allowed]) => allowed));
  expect(sources).toEqual(new Set(["'self'", "'none'", "'unsafe-inline'", "data:"]));
  expect(policy).toContain("default-src 'none'; script-src 'self';");
});

test.each(["/graphql", "/api/v1/graphql", "/graphql/", "/"])(
  "at %s the page's own addresses lead to assets that are served",
  async (endpoint) => {
    const handler = graphiql({ endpoint });
    const path = endpoint === "/" ? endpoint : endpoint.replace(/\/$/, "");
    const html = await (await answer(handler, request(path, BROWSER))).text();
    const source = /src="([^"]*)"/.exec(html)?.[1] ?? "";
    const { pathname } = new URL(source, `http://localhost:4000${path}`);
    expect(await (await answer(handler, request(pathname))).text()).toBe(SCRIPT);
  },
);

test("assets may be kept for a year, since their names change with their content", async () => {
  const asset = await answer(graphiql(), request("/graphql/assets/index-abc.js"));
  expect(asset.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(asset.headers.get("content-encoding")).toBeNull();
});

test("a client that accepts gzip gets gzip", async () => {
  const accepting = { "accept-encoding": "gzip, deflate, br" };
  const asset = await answer(graphiql(), request("/graphql/assets/index-abc.js", accepting));
  expect(asset.headers.get("content-encoding")).toBe("gzip");
  expect(asset.headers.get("vary")).toBe("accept-encoding");
  expect(gunzipSync(await asset.arrayBuffer()).toString()).toBe(SCRIPT);
});

test("a client that refuses gzip gets none", async () => {
  const refusing = { "accept-encoding": "gzip;q=0, identity" };
  const asset = await answer(graphiql(), request("/graphql/assets/index-abc.js", refusing));
  expect(asset.headers.get("content-encoding")).toBeNull();
});

test.each([
  "/graphql/assets/",
  "/graphql/assets/unknown.js",
  "/graphql/assets/.hidden",
  "/graphql/assets/..%2findex.html",
  "/graphql/assets/..%2f..%2fsecret.txt",
  "/graphql/assets/..%5c..%5csecret.txt",
  "/graphql/assets//etc/passwd",
  "/graphql/assets/file:%2f%2f%2fetc%2fpasswd",
])("%s is not an asset", async (path) => {
  const response = await answer(graphiql(), request(path, BROWSER));
  expect(response.status).toBe(404);
});

test.each([
  ["a POST", request("/graphql", BROWSER, "POST")],
  ["a GET that asks for JSON", request("/graphql?query={a}", { accept: "application/json" })],
  ["an EventSource", request("/graphql", { accept: "text/event-stream" })],
  ["a client that asks for anything", request("/graphql", { accept: "*/*" })],
  ["a client that does not say", request("/graphql")],
  ["another path", request("/graphqlx", BROWSER)],
  ["a dot segment that leaves the assets", request("/graphql/assets/../x", BROWSER)],
])("%s is left to the API", async (_name, asked) => {
  expect(await graphiql()(asked)).toBeUndefined();
});

test("a page that is not built yet says how to build it, and appears once it is", async () => {
  const late = pathToFileURL(`${root}/late/`);
  const handler = graphiql({ directory: late });
  const missing = await answer(handler, request("/graphql", BROWSER));
  expect(missing.status).toBe(503);
  expect(await missing.text()).toContain("npm run build");

  await mkdir(late);
  await writeFile(new URL("index.html", late), HTML);
  expect((await answer(handler, request("/graphql", BROWSER))).status).toBe(200);
});

const isBuilt = existsSync(new URL("../../dist/graphiql/index.html", import.meta.url));

test.skipIf(!isBuilt)(
  "the page as it is built names no other host (skipped before npm run build)",
  async () => {
    const handler = graphiql({ directory: undefined });
    const html = await (await answer(handler, request("/graphql", BROWSER))).text();
    expect(configOf(html)).toEqual({ title: "Toy", endpoint: "/graphql", tabs: [] });
    const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, found]) => found ?? "");
    const assets = addresses.filter((address) => !address.startsWith("data:"));
    expect(assets.length).toBeGreaterThan(1);
    for (const address of assets) {
      const url = new URL(address, "http://localhost:4000/graphql");
      expect(url.host).toBe("localhost:4000");
      expect((await answer(handler, request(url.pathname))).status).toBe(200);
    }
  },
);
