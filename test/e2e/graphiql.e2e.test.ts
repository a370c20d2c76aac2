import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createService, type Service } from "../../src/index.ts";
import { serve, type ServerHandle } from "../../src/server/index.ts";
import { report } from "../support/graphs.ts";
import { readOperations } from "../support/operations.ts";
import { until } from "../support/until.ts";

const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const page = new URL("../../dist/graphiql/index.html", import.meta.url);
const missing = [
  ...(existsSync(CHROMIUM) ? [] : [`no Chromium at ${CHROMIUM}: set CHROMIUM_PATH`]),
  ...(existsSync(page) ? [] : ["no GraphiQL page: run npm run build:graphiql"]),
];
if (missing.length > 0) console.warn(`GraphiQL is not tested in a browser: ${missing.join("; ")}`);

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

let service: Service;
let server: ServerHandle;
let browser: Browser;

beforeAll(async () => {
  if (missing.length > 0) return;
  const [first] = await readOperations();
  service = createService({ workflows: { report } });
  const tabs = [{ title: first?.name ?? "", query: first?.text ?? "" }];
  server = await serve({ service, port: 0, graphiql: { tabs } });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});
afterAll(async () => {
  if (missing.length > 0) return;
  await browser.close();
  await service[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test.skipIf(missing.length > 0)(
  "in a browser, play on the first tab leaves all five events in the pane, and no other host is asked",
  async () => {
    const tab = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    const hosts = new Set<string>();
    const problems: string[] = [];
    tab.on("request", (request) => hosts.add(hostOf(request.url())));
    tab.on("websocket", (socket) => hosts.add(hostOf(socket.url())));
    tab.on("pageerror", (error) => problems.push(String(error)));
    tab.on("console", (line) => line.type() === "error" && problems.push(line.text()));

    await tab.goto(server.url);
    await tab.locator(".result-window .view-lines").first().waitFor();
    const play = tab.getByRole("button", { name: /^Execute query/ });
    await play.click();
    await until(async () => (await responseOf(tab)).includes("StateUpdate"));
    // The button says "stop" while the subscription runs.
    await play.waitFor();

    const { data, errors, extensions } = JSON.parse(await responseOf(tab)) as Response;
    expect(errors).toBeUndefined();
    expect(data.runWorkflow.map(({ __typename }) => __typename)).toEqual([
      "ProgressEvent",
      "ProgressEvent",
      "ProgressEvent",
      "CompleteEvent",
      "StateUpdate",
    ]);
    expect(extensions).toMatchObject({ runId: expect.any(String) as unknown });
    await tab.screenshot({ path: join(tmpdir(), "langgraph-graphql-graphiql.png") });
    expect([...hosts].filter((host) => host !== "")).toEqual([new URL(server.url).host]);
    expect(problems).toEqual([]);
  },
);

interface Response {
  readonly data: { readonly runWorkflow: readonly { readonly __typename: string }[] };
  readonly errors?: unknown;
  readonly extensions?: unknown;
}

/** Of the page: what stands in GraphiQL's response pane, whether it is scrolled into sight or not. */
const RESPONSE =
  'globalThis.__MONACO?.editor.getModels().find((m) => m.uri.path.endsWith("response.json"))?.getValue() ?? ""';

async function responseOf(tab: Page): Promise<string> {
  return String(await tab.evaluate(RESPONSE));
}

/** Empty for `data:` and `blob:` addresses, which are in the page itself. */
function hostOf(address: string): string {
  return new URL(address).host;
}
