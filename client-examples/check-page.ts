/**
 * Checks the page of the example in the current folder, in a real browser and under React's StrictMode:
 *
 *     node --import tsx ../check-page.ts                 as it opens
 *     node --import tsx ../check-page.ts WebSocket SSE   once for each of its transports
 *
 * A run whose sockets are cut three times, whose page is loaded again and whose server is killed and
 * started again must end with the same view as one that was left alone, and be one run. The server is
 * a process of its own for that, whatever `API_URL` says. Exits with 77 where there is no browser.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium, type BrowserContext, type Page } from "playwright-core";
import { build, preview } from "vite";
import { startProxy } from "../test/cli/run/tcp-proxy.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--no-first-run",
];
const SKIPPED = 77;

/** How long anything may take to be seen, in milliseconds: a client may wait 15 s before it tries again. */
const PATIENCE_MS = 60_000;

/** Long enough for all that is to happen to it: five seconds, and a second for the answer. */
const RESEARCH = { topics: "tides, sand, dunes", sources: "4" };

/** Remembers what the page says of its connection, since it may not say it for long. */
const REMEMBER_CONNECTIONS = `
  globalThis.connections = [];
  new MutationObserver(() => {
    const now = document.querySelector("[data-connection]")?.dataset.connection;
    if (now && now !== connections.at(-1)) connections.push(now);
  }).observe(document, { subtree: true, childList: true, attributes: true });
`;

/** What is seen of a run when it has ended, however it came there. */
interface Seen {
  readonly title: string | null;
  readonly badges: string | null;
  readonly bars: readonly (readonly [string | null, string | null])[];
  readonly sources: readonly string[];
  readonly result: string | null;
}

if (!existsSync(CHROMIUM)) {
  console.log(`No Chromium at ${CHROMIUM}: set CHROMIUM_PATH`);
  process.exit(SKIPPED);
}

const scratch = await mkdtemp(join(tmpdir(), "langgraph-graphql-page-"));
const api = await startApi(join(scratch, "data.sqlite"));
// Only a development build of React mounts everything twice.
process.env["NODE_ENV"] = "development";
process.env["API_URL"] = api.url;
const shared = {
  mode: "development",
  logLevel: "silent",
  build: { outDir: join(scratch, "page") },
} as const;
await build(shared);
const page = await preview({ ...shared, preview: { host: "127.0.0.1", port: 0 } });
const proxy = await startProxy(page.resolvedUrls?.local[0] ?? "");
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
const transports = process.argv.length > 2 ? process.argv.slice(2) : [undefined];
try {
  await checkAll();
  const ways = transports.length > 1 ? `, by ${transports.join(" and by ")}` : "";
  console.log(
    `✔ the same view after 3 lost connections, a reload and a killed server, of one run${ways}`,
  );
} catch (error) {
  for (const tab of browser.contexts().flatMap((context) => context.pages())) {
    console.error(`${await tab.locator("body").innerText()}\n`);
  }
  throw error;
} finally {
  await browser.close();
  await proxy[Symbol.asyncDispose]();
  await page.close();
  await api.kill();
  await rm(scratch, { recursive: true });
}

/** All transports at the same time: most of it is waiting. */
async function checkAll(): Promise<void> {
  const problems: string[] = [];
  // The open connections of a browser to one server are few, for event streams too.
  const contexts = await Promise.all(transports.map(() => browser.newContext()));
  const openAll = () =>
    contexts.map((context, i) => openPage({ context, transport: transports[i], problems }));

  const undisturbed = Promise.all(openAll().map(async (tab) => watchUndisturbed(await tab)));
  const others = [answerAndCancel, showErrors].flatMap((step) =>
    openAll().map(async (tab) => step(await tab)),
  );
  const [expected] = await Promise.all([undisturbed, ...others]);
  const before = await runIds();
  assert.equal(before.length, 3 * transports.length, "Each start must be one run");

  const { seen, ids } = await watchDisturbed(await Promise.all(openAll()));
  assert.deepEqual(seen, expected, "What happened on the way must not be seen in the end");
  const later = (await runIds()).filter((id) => !before.includes(id));
  assert.deepEqual(later.toSorted(), ids.toSorted(), "Each must be one run");
  assert.deepEqual(problems, [], "The page must not complain");
}

/** A run that is left alone. */
async function watchUndisturbed(tab: Page): Promise<Seen> {
  await startResearch(tab);
  return readEnd(tab);
}

/** The same run, with everything that may happen to it. */
async function watchDisturbed(
  tabs: readonly Page[],
): Promise<{ readonly seen: readonly Seen[]; readonly ids: readonly string[] }> {
  const each = <T>(step: (tab: Page) => Promise<T>): Promise<T[]> => Promise.all(tabs.map(step));
  const received = tabs.map(seqsBySubscription);
  await each(startResearch);
  await each((tab) => progressTo(tab, 25));
  const ids = await each(runIdOf);
  for (let cut = 1; cut <= 3; cut++) await showReconnecting(tabs, async () => proxy.cut());
  await each((tab) => tab.reload());
  await each((tab) => progressTo(tab, 25));
  assert.deepEqual(await each(runIdOf), ids, "After a reload it must be the same run");
  await showReconnecting(tabs, async () => {
    await api.kill();
    await api.start();
  });
  const seen = await each(readEnd);
  const lastSeqs = await each((tab) => tab.getByTestId("last-seq").textContent());
  for (const [i, subscriptions] of received.entries()) {
    for (const seqs of subscriptions.values())
      assert.deepEqual(
        seqs,
        seqs.map((_, at) => at + 1),
      );
    const last = [...subscriptions.values()].at(-1)?.at(-1);
    // Of server-sent events the browser's tools tell nothing.
    if (last !== undefined) assert.equal(last, Number(lastSeqs[i]));
  }
  return { seen, ids };
}

/** An interrupt is answered by its form; another run is cancelled. */
async function answerAndCancel(tab: Page): Promise<void> {
  await tab.getByRole("radio", { name: "Approval" }).check();
  await tab.getByRole("button", { name: "Start run" }).click();
  await statusIs(tab, "Waiting for you");
  await tab.getByRole("radio", { name: "Yes" }).check();
  await tab.getByRole("textbox", { name: "Comment" }).fill("Enjoy it");
  await tab.getByRole("button", { name: "Send answer" }).click();
  await tab.getByRole("region", { name: "Result" }).getByText("Approved: Enjoy it").waitFor();
  await statusIs(tab, "Succeeded");
  await tab.getByRole("button", { name: "New run" }).click();

  await tab.getByRole("radio", { name: "Report" }).check();
  await tab.getByRole("button", { name: "Start run" }).click();
  await tab.getByRole("progressbar").waitFor();
  await tab.getByRole("button", { name: "Cancel run" }).click();
  await statusIs(tab, "Cancelled");
}

/** A run that is not there, and an input that the server refuses. */
async function showErrors(tab: Page): Promise<void> {
  await tab.evaluate(
    `sessionStorage.setItem("current-run", '{ "runId": "gone", "title": "Gone" }')`,
  );
  await tab.reload();
  await tab.getByRole("alert").getByText("NOT_FOUND").waitFor();
  await tab.getByRole("button", { name: "New run" }).click();
  const sources = tab.getByLabel("Sources per topic");
  await sources.evaluate((input: Removable) => input.removeAttribute("max"));
  await sources.fill("9");
  await tab.getByRole("button", { name: "Start run" }).click();
  await tab.getByRole("alert").getByText("BAD_USER_INPUT").waitFor();
  await tab.getByRole("alert").getByText("sourcesPerTopic").first().waitFor();
}

interface Removable {
  removeAttribute(name: string): void;
}

interface Opened {
  readonly context: BrowserContext;
  readonly transport: string | undefined;
  /** Takes what the page complains of. */
  readonly problems: string[];
}

async function openPage({ context, transport, problems }: Opened): Promise<Page> {
  const tab = await context.newPage();
  tab.setDefaultTimeout(PATIENCE_MS);
  await tab.addInitScript(REMEMBER_CONNECTIONS);
  tab.on("pageerror", (error) => problems.push(String(error)));
  tab.on("console", (line) => {
    // That connections are lost is what this is about.
    const isNetwork = /WebSocket connection|Failed to load resource/.test(line.text());
    if (["error", "warning"].includes(line.type()) && !isNetwork) problems.push(line.text());
  });
  await tab.goto(proxy.url);
  if (transport !== undefined) await tab.getByRole("radio", { name: transport }).check();
  return tab;
}

async function startResearch(tab: Page): Promise<void> {
  await tab.getByLabel("Topics", { exact: true }).fill(RESEARCH.topics);
  await tab.getByLabel("Sources per topic").fill(RESEARCH.sources);
  await tab.getByRole("button", { name: "Start run" }).click();
}

/** Resolves once a task has got so far at least. */
async function progressTo(tab: Page, percent: number): Promise<void> {
  await tab.waitForFunction(
    `[...document.querySelectorAll("[role=progressbar][aria-valuetext^=running]")]
      .some((bar) => bar.ariaValueNow >= ${percent})`,
  );
}

async function statusIs(tab: Page, text: string): Promise<void> {
  await tab.getByRole("status").getByText(text, { exact: true }).waitFor();
}

/**
 * Resolves once the pages have shown that they connect again, and then that they are connected; or no
 * connection any more, if the run has ended before they were.
 */
async function showReconnecting(
  tabs: readonly Page[],
  disturb: () => Promise<void>,
): Promise<void> {
  for (const tab of tabs) {
    await statusIs(tab, "Running");
    await tab.waitForFunction("connections.at(-1) === 'live'");
    await tab.evaluate("connections.length = 0");
  }
  await disturb();
  await Promise.all(
    tabs.map((tab) =>
      tab.waitForFunction(`
        connections.includes("reconnecting") &&
        ["live", undefined].includes(
          document.querySelector("[data-connection]")?.dataset.connection,
        )`),
    ),
  );
}

async function runIdOf(tab: Page): Promise<string> {
  return (await tab.locator("footer code").textContent()) ?? "";
}

async function readEnd(tab: Page): Promise<Seen> {
  await statusIs(tab, "Succeeded");
  const bars = await tab.getByRole("progressbar").all();
  const sources = await tab.getByRole("region", { name: "Sources" }).getByRole("listitem").all();
  return {
    title: await tab.getByRole("heading", { level: 1 }).textContent(),
    badges: await tab.getByRole("status").textContent(),
    bars: await Promise.all(
      bars.map(
        async (bar) =>
          [
            await bar.getAttribute("aria-valuenow"),
            await bar.getAttribute("aria-valuetext"),
          ] as const,
      ),
    ),
    // Tasks in parallel cite in any order.
    sources: (await Promise.all(sources.map((source) => source.innerText()))).sort(),
    result: await tab.getByRole("region", { name: "Result" }).innerText(),
  };
}

/** The seqs of the events that came over sockets, for each subscription from its first on. */
function seqsBySubscription(tab: Page): ReadonlyMap<string, readonly number[]> {
  const seqs = new Map<string, number[]>();
  tab.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      const {
        type,
        id,
        payload: result,
      } = JSON.parse(String(payload)) as {
        readonly type: string;
        readonly id: string;
        readonly payload: { readonly extensions: { readonly seq: number } };
      };
      if (type === "next") seqs.set(id, [...(seqs.get(id) ?? []), result.extensions.seq]);
    }),
  );
  return seqs;
}

async function runIds(): Promise<readonly string[]> {
  const response = await fetch(api.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ runs(first: 100) { nodes { id } } }" }),
  });
  const { data } = (await response.json()) as {
    readonly data: { readonly runs: { readonly nodes: readonly { readonly id: string }[] } };
  };
  return data.runs.nodes.map(({ id }) => id);
}

/** The demo's server, as a process that can be killed and started again where it was. */
interface Api {
  readonly url: string;
  readonly start: () => Promise<void>;
  readonly kill: () => Promise<void>;
}

async function startApi(data: string): Promise<Api> {
  let child: ChildProcess | undefined;
  let url = "";
  const start = async (): Promise<void> => {
    const port = url === "" ? "0" : new URL(url).port;
    const args = ["serve", "--config", "src/demo/langgraph.json", "--port", port, "--data", data];
    child = spawn("node", ["dist/cli/main.js", ...args, "--no-graphiql", "--log-level", "error"], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
    });
    url = await addressOf(child);
  };
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  await start();
  return { url, start, kill };
}

async function addressOf({ stdout }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error("The server has no output");
  for await (const line of createInterface({ input: stdout })) {
    const address = /HTTP, SSE +(\S+)/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error("The server has ended without saying where it serves");
}
