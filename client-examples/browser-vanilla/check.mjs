import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { chromium } from "playwright-core";
import { serve } from "./serve.mjs";

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--no-first-run",
];
/** Where pictures of the pages go, if anywhere. */
const PICTURES = process.env.PICTURES;

if (!existsSync(CHROMIUM)) {
  console.log(`there is no Chromium at ${CHROMIUM}: set CHROMIUM_PATH`);
  process.exit(77);
}

const server = await serve(0);
const origin = `http://localhost:${server.address().port}`;
const sockets = new Set();
server.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
});
/** As a network does it: every connection of every page, without a word. */
const cut = () => sockets.forEach((socket) => socket.destroy());

const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
try {
  const seen = [];
  for (const [name, colorScheme] of [
    ["event-source", "light"],
    ["graphql-ws", "dark"],
  ]) {
    seen.push(await drive(name, colorScheme));
  }
  console.log(`✔ ${seen.join("; ")}; in Chromium, each connection cut twice`);
} finally {
  await browser.close();
  server.close();
  cut();
}

/** Starts a run in a page, cuts its connections, and compares what it saw with the run's log. */
async function drive(name, colorScheme) {
  const page = await browser.newPage({ colorScheme, viewport: { width: 900, height: 900 } });
  page.setDefaultTimeout(60_000);
  const seqs = [];
  const failures = [];
  page.on("console", (line) => {
    if (line.type() === "debug") seqs.push(Number(line.text().split(" ")[0]));
  });
  page.on("pageerror", (error) => failures.push(String(error)));
  const badge = (state) => page.locator(`.badge[data-state=${state}]`).waitFor();
  const bars = page.getByRole("progressbar");

  await page.goto(`${origin}/pages/${name}.html`);
  // Long names take long to look into: EventSource takes three seconds to come back.
  await page.getByLabel("Topics").fill("tides of the North Sea, sand of the Sahara, dunes");
  await page.getByLabel("Depth").selectOption("STUDY");
  await page.getByRole("button", { name: "Start" }).press("Enter");
  for (const cuts of [1, 2]) {
    const before = seqs.length;
    await until(() => seqs.length > before + 3);
    await page.screenshot(picture(name, `going-on-${cuts}`));
    cut();
    await badge("reconnecting");
    await page.screenshot(picture(name, `reconnecting-${cuts}`));
  }
  await badge("succeeded");
  await page.screenshot(picture(name, "done"));

  const expected = await logOf(page.url().split("#")[1]);
  assert.deepEqual(seqs, expected, `${name}: every event came once, in order`);
  assert.equal(await bars.count(), 3);
  for (const bar of await bars.all()) assert.equal(await bar.getAttribute("aria-valuenow"), "1");
  await page.setViewportSize({ width: 390, height: 1100 });
  await page.screenshot(picture(name, "narrow"));
  const before = await page.locator("#run").innerText();
  await page.reload();
  await badge("succeeded");
  assert.equal(await page.locator("#run").innerText(), before, `${name}: the same after a reload`);
  assert.deepEqual(failures, []);
  await page.close();
  return `${name} saw ${seqs.length} events once`;
}

/** The seqs of the events that the pages name, as the run's log has them. */
async function logOf(runId) {
  const query = `query ($runId: ID!) {
    run(id: $runId) {
      events(first: 1000, only: [PROGRESS, CITATION, MESSAGE_CHUNK, RUN_STATUS]) { nodes { ... on RunEvent { seq } } }
    }
  }`;
  const response = await fetch(`${origin}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables: { runId } }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  return data.run.events.nodes.map(({ seq }) => seq);
}

async function until(condition) {
  const deadline = AbortSignal.timeout(60_000);
  while (!condition()) await setTimeout(20, undefined, { signal: deadline });
}

function picture(name, moment) {
  return PICTURES ? { path: `${PICTURES}/${name}-${moment}.png` } : {};
}
