import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { postEvents } from "../support/http.ts";
import { postMultipart } from "../support/multipart.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";

const PROGRAM = fileURLToPath(new URL("./fixtures/embedded.mjs", import.meta.url));

/** As long as the program says that its runs may take to come to a checkpoint. */
const DRAIN_MS = 20_000;

const query =
  "subscription { runWorkflow(input: { wait: {} }) { ... on ProgressEvent { current } ... on RunStatusEvent { runStatus } } }";

test("at SIGTERM event streams, multipart, POST /stream and sockets all end, and the process exits by itself", async () => {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ["ignore", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  try {
    const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    const url = line.trim();
    const streams = await Promise.all([
      postEvents(url, { query }),
      postMultipart(url, { query }),
      fetch(new URL("/stream/wait", url), { method: "POST", body: "{}" }),
    ]);
    const texts = streams.map(readText);
    const raw = await openRawSocket(url.replace("http", "ws"));
    raw.send({ type: "subscribe", id: "1", payload: { query } });
    // What it takes to be scraped must not keep it alive, either.
    const isUnderWay = async (): Promise<boolean> =>
      (await scrape(url))['open_runs{workflow="wait",status="running"}'] === 4;
    await until(isUnderWay);
    await until(
      () => raw.of("1").length === 3 && texts.every(({ text }) => text.includes("current")),
    );

    const stoppedAt = performance.now();
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(DRAIN_MS);
    expect(await raw.closed).toBe(1001);
    expect(raw.of("1").at(-1)).toMatchObject({ type: "complete" });
    const [sse = "", multipart = "", plain = ""] = await Promise.all(
      texts.map(({ whole }) => whole),
    );
    expect(sse).toMatch(/CANCELLED.*event: complete/s);
    expect(multipart).toMatch(/CANCELLED.*--graphql--/s);
    expect(plain).toMatch(/RUN_CANCELLED.*event: complete/s);
    expect(complaints).toBe("");
  } finally {
    child.kill("SIGKILL");
  }
});

interface ReadText {
  /** So far. */
  readonly text: string;
  /** Resolves at the end. */
  readonly whole: Promise<string>;
}

function readText(response: Response): ReadText {
  let text = "";
  const read = async (): Promise<string> => {
    const body = response.body?.pipeThrough(new TextDecoderStream());
    for await (const piece of body as unknown as AsyncIterable<string>) text += piece;
    return text;
  };
  const whole = read();
  return {
    get text() {
      return text;
    },
    whole,
  };
}
