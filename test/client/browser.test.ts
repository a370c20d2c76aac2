import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { describe, expect, test } from "vitest";
import { build, type Rolldown } from "vite";
import { startProxy } from "../cli/run/tcp-proxy.ts";
import { createGates } from "../support/gate.ts";
import { startService } from "../support/service.ts";
import { range, steppedGraph } from "../support/stepped.ts";
import type { Seen } from "./browser-page.ts";

const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
if (!existsSync(CHROMIUM)) {
  console.warn(`The client is not tested in a browser: no Chromium at ${CHROMIUM}`);
}

/** What the whole client may weigh in a page, minified and compressed. */
const MAX_BYTES = 6_000;

/** One script of a module and all that it imports, for browsers, minified. */
async function bundle(path: string): Promise<Rolldown.OutputChunk> {
  const built = (await build({
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: true,
      modulePreload: false,
      rolldownOptions: {
        input: fileURLToPath(new URL(path, import.meta.url)),
        preserveEntrySignatures: "strict",
      },
    },
  })) as Rolldown.RolldownOutput;
  const [script, ...others] = built.output;
  expect(others).toEqual([]);
  return script;
}

describe("bundled for a browser", () => {
  test("the client imports nothing, neither of Node nor of any package", async () => {
    const { modules, code, imports } = await bundle("../../src/client/index.ts");
    const foreign = Object.keys(modules).filter((module) => !module.includes("/src/client/"));
    expect(foreign).toEqual([]);
    expect(imports).toEqual([]);
    expect(code).not.toMatch(/["'`]node:|\b(process|Buffer|require)\b/);
  });

  test(`all of it is smaller than ${MAX_BYTES} bytes, minified and compressed`, async () => {
    const { code } = await bundle("../../src/client/index.ts");
    expect(gzipSync(code).length).toBeLessThan(MAX_BYTES);
  });
});

test.skipIf(!existsSync(CHROMIUM))(
  "in a browser, a run is seen from 1 to n once by WebSocket, fetch and EventSource, through lost connections and a reload",
  async () => {
    const gates = createGates();
    await using service = await startService({ workflows: { steps: steppedGraph(gates) } });
    await using proxy = await startProxy(service.url);
    const { code } = await bundle("browser-page.ts");
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    const page = await browser.newPage({ bypassCSP: true });
    const seen = (): Promise<Seen> => page.evaluate("seen");
    const waitFor = (condition: string) => page.waitForFunction(condition);

    await page.goto(proxy.url);
    await page.addScriptTag({ content: code, type: "module" });
    // All three have had what there is before the node waits.
    await waitFor(
      "[seen.socket, seen.fetch, seen.eventSource].every(({ length }) => length === 3)",
    );
    const runId = String((await seen()).view.runId);
    proxy.cut();
    gates.of(runId).open(2);
    await waitFor(
      "[seen.socket, seen.fetch, seen.eventSource].every(({ length }) => length === 5)",
    );
    expect(await seen()).toMatchObject({
      socket: range(1, 5),
      fetch: range(1, 5),
      eventSource: range(1, 5),
    });

    await page.reload();
    await page.addScriptTag({ content: code, type: "module" });
    await waitFor("seen.socket.length === 5");
    gates.of(runId).open(4);
    await waitFor("seen.complete.length === 3");
    const end = await seen();
    expect(end.complete.toSorted()).toEqual(["eventSource", "fetch", "socket"]);
    expect(end).toMatchObject({
      socket: range(1, 12),
      fetch: range(1, 12),
      // Of this one the page has kept the place.
      eventSource: range(6, 12),
      view: {
        runId,
        status: "SUCCEEDED",
        tasks: [{ phase: "finished", progress: { current: 6 } }],
      },
    });
    expect(await page.evaluate("sessionStorage.length")).toBe(1);
    await browser.close();
  },
);
