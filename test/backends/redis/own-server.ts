import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Whether servers can be started here. */
export const canStartServers = spawnSync("redis-server", ["--version"]).status === 0;
if (!canStartServers) {
  console.warn("There is no redis-server to start: tests that need one of their own are skipped.");
}

/** A server that may be killed, filled and misconfigured. */
export interface OwnServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Ends it as a power cut would, and starts it again with what it had written. */
  restart(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Starts one, with what it writes in a folder that is removed in the end. */
export async function startServer(...args: readonly string[]): Promise<OwnServer> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), "langgraph-graphql-redis-"));
  let child: ChildProcess | undefined;
  const start = async () => {
    const options = ["--port", String(port), "--dir", directory, "--save", "", ...args];
    child = spawn("redis-server", options, { stdio: ["ignore", "pipe", "inherit"] });
    for await (const chunk of child.stdout ?? []) {
      if (/Ready to accept connections/.test(String(chunk))) break;
    }
    // Or it would stop once nobody takes what it says.
    child.stdout?.resume();
  };
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    start,
    kill,
    async restart() {
      await kill();
      await start();
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Three primaries that share the slots. */
export async function startCluster(): Promise<
  AsyncDisposable & { readonly ports: readonly number[] }
> {
  const servers = await Promise.all([1, 2, 3].map(() => startServer("--cluster-enabled", "yes")));
  const ports = servers.map(({ port }) => port);
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  await promisify(execFile)("redis-cli", [
    "--cluster",
    "create",
    ...addresses,
    "--cluster-replicas",
    "0",
    "--cluster-yes",
  ]);
  return {
    ports,
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    },
  };
}

/** Low enough that the port of the cluster's bus, 10,000 above, is one as well. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    const probe = createServer().listen(port, "127.0.0.1");
    const isFree = await Promise.race([
      once(probe, "listening").then(() => true),
      once(probe, "error").then(() => false),
    ]).catch(() => false);
    if (!isFree) continue;
    const { port: found } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, "close");
    return found;
  }
}
