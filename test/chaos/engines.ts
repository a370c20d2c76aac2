import { execFile, spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { access, chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "../support/restartable-server.ts";

const run = promisify(execFile);

/** A database server of the test's own, which may be killed without harm to anybody else. */
export interface EngineServer extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Kills it at once, and starts it again. Resolves when it can be reached. */
  restart(): Promise<void>;
}

/** `undefined` where Redis is not installed. */
export async function startRedisServer(): Promise<EngineServer | undefined> {
  if (!(await succeeds("redis-server", ["--version"]))) return undefined;
  return startEngine("redis", "SIGKILL", async (folder, port) => {
    // What was answered is in the file, even when the process is killed.
    const args = [
      "--bind",
      "127.0.0.1",
      "--port",
      `${port}`,
      "--dir",
      folder,
      "--appendonly",
      "yes",
    ];
    return {
      launch: () => spawn("redis-server", args, QUIET),
      ping: () =>
        run("redis-cli", ["-p", `${port}`, "ping"]).then(({ stdout }) => stdout === "PONG\n"),
    };
  });
}

/** `undefined` where PostgreSQL's server is not installed. */
export async function startPostgresServer(): Promise<EngineServer | undefined> {
  const initdb = await findInitdb();
  if (initdb === undefined) return undefined;
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? await idsOf("postgres") : {};
  // To PostgreSQL it is an immediate shutdown of all its processes: as if the machine had failed.
  return startEngine("postgres", "SIGQUIT", async (folder, port) => {
    if (user.uid !== undefined) await chown(folder, user.uid, user.gid ?? user.uid);
    const data = join(folder, "data");
    await run(
      initdb,
      ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"],
      user,
    );
    const settings = [
      `port=${port}`,
      "listen_addresses=127.0.0.1",
      `unix_socket_directories=${folder}`,
    ];
    const args = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])];
    return {
      launch: () => spawn(join(initdb, "../postgres"), args, { ...QUIET, ...user }),
      ping: () => succeeds(join(initdb, "../pg_isready"), ["-h", "127.0.0.1", "-p", `${port}`]),
    };
  });
}

const QUIET: SpawnOptions = { stdio: "ignore" };

/** How a kind of server is started, and whether it can be used. */
interface Launcher {
  readonly launch: () => ChildProcess;
  readonly ping: () => Promise<boolean>;
}

async function startEngine(
  name: string,
  killSignal: "SIGKILL" | "SIGQUIT",
  prepare: (folder: string, port: number) => Promise<Launcher>,
): Promise<EngineServer> {
  const folder = await mkdtemp(join(tmpdir(), `chaos-${name}-`));
  const port = await freePort();
  const { launch, ping } = await prepare(folder, port);
  let current: ChildProcess;
  const start = async (): Promise<void> => {
    current = launch();
    while (!(await ping().catch(() => false))) await sleep(50);
  };
  const kill = async (): Promise<void> => {
    const ended = once(current, "close");
    current.kill(killSignal);
    await ended;
  };
  await start();
  return {
    port,
    async restart() {
      await kill();
      await start();
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}

const DEBIAN = "/usr/lib/postgresql";

/** Where `pg_config` says, or where Debian keeps it. */
async function findInitdb(): Promise<string | undefined> {
  const { stdout } = await run("pg_config", ["--bindir"]).catch(() => ({ stdout: "" }));
  const versions = await readdir(DEBIAN).catch(() => []);
  const places = [stdout.trim(), ...versions.map((version) => join(DEBIAN, version, "bin"))];
  for (const place of places) {
    const path = join(place, "initdb");
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

async function idsOf(user: string): Promise<{ readonly uid?: number; readonly gid?: number }> {
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, user])).stdout)),
  );
  return { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) };
}
