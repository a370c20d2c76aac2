import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const DEMO = fileURLToPath(new URL("../../src/demo/langgraph.json", import.meta.url));

describe("the command line", () => {
  test("says what went wrong in one line, and exits with 1", async () => {
    const { code, stderr } = await failing(["serve", "--config", "nowhere.json"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*nowhere\.json cannot be read: pass the path .*\n$/);
  });

  test("names the port that is in use, and the way out", async () => {
    const other = createServer().listen(0, "localhost");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const args = ["serve", "--config", DEMO, "--port", `${port}`, "--memory"];
    const { code, stderr } = await failing(args);
    other.close();
    expect(code).toBe(1);
    expect(stderr).toBe(
      `error: Port ${port} is in use: stop what uses it, or choose another port\n`,
    );
  });

  test("refuses a port that is none", async () => {
    const { stderr } = await failing(["serve", "--port", "many"]);
    expect(stderr).toContain("It must be a number from 0 to 65535.");
  });

  test("tells its options", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, "serve", "--help"]);
    for (const option of ["--config", "--port", "--host", "--origin", "--tabs", "--no-graphiql"]) {
      expect(stdout).toContain(option);
    }
    expect(stdout).toContain("--trusted-documents <file>");
    for (const option of ["--data", "--memory", "--retention", "--max-size", "--drain"]) {
      expect(stdout).toContain(option);
    }
    expect(stdout).toContain("(default: 10s, env:");
  });

  test.each([
    ["--retention", "7", "It must be a time with its unit, such as 7d, 12h or 30s."],
    ["--drain", "soon", "It must be a time with its unit, such as 7d, 12h or 30s."],
    ["--max-size", "1", "It must be a size with its unit, such as 500MiB or 2GiB."],
    ["--max-size", "0GiB", "It must be a size with its unit, such as 500MiB or 2GiB."],
  ])("refuses %s %s, and says what it may be", async (option, value, reason) => {
    const { stderr } = await failing(["serve", option, value]);
    expect(stderr).toContain(reason);
  });

  test.each([
    ["nowhere.json", /nowhere\.json cannot be read: --trusted-documents wants JSON/],
    ["tsconfig.json", /The trusted document compilerOptions is not a string/],
  ])("refuses to trust the documents of %s, and says why", async (file, reason) => {
    const args = ["serve", "--config", DEMO, "--memory", "--trusted-documents", file];
    const { code, stderr } = await failing(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(reason);
  });

  test("refuses to keep runs in a file and nowhere", async () => {
    const args = ["serve", "--config", DEMO, "--memory", "--data", "runs.sqlite"];
    const { stderr } = await failing(args);
    expect(stderr).toContain("--memory cannot be used with --data");
  });
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "with --memory %s ends running streams with their run's end, then the server, with exit code 0",
  async (signal) => {
    const args = ["serve", "--config", DEMO, "--port", "0", "--memory"];
    const server = spawn(process.execPath, [MAIN, ...args]);
    const url = await findUrl(server.stdout);
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify({
        query: `subscription ($items: [String!]!) {
          runWorkflow(input: { report: { items: $items } }) { ... on ProgressEvent { current } }
        }`,
        variables: { items: Array.from({ length: 1_000 }, String) },
      }),
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value = "" } = (await reader?.read()) ?? { done: true };
      text += value;
      if (text.includes('"current":1}') && !server.killed) server.kill(signal);
      if (done) break;
    }
    expect(text).toContain('"code":"RUN_CANCELLED"');
    expect(text).toContain("event: complete");
    const [code] = (await once(server, "exit")) as [number];
    expect(code).toBe(0);
  },
);

async function failing(args: readonly string[]) {
  try {
    await promisify(execFile)(process.execPath, [MAIN, ...args]);
  } catch (error) {
    return error as { readonly code: number; readonly stderr: string };
  }
  throw new Error(`${args.join(" ")} did not fail`);
}

async function findUrl(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const url = /GraphiQL +(\S+)/.exec(line)?.[1];
    if (url !== undefined) {
      output.resume();
      return url;
    }
  }
  throw new Error("The server ended without saying where it serves");
}
