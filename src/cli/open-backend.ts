import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { Backend } from "../backend.ts";
import { ConfigError } from "../errors.ts";
import type { ServeFlags } from "./serve-options.ts";

/** What the options of a command ask for, and how to say it. Whoever opened it disposes of the backend. */
export interface OpenedBackend {
  readonly backend: Backend;
  /** `data.sqlite`, or the address of a server without its password; `null` where nothing is kept. */
  readonly place: string | null;
  /** How many runs in it have neither ended nor wait for an answer, in words. */
  readonly unfinished: string;
}

/**
 * Opens what runs are kept in. To be called when there is something to serve: nobody else can open a
 * file then. Rejects with `ConfigError`.
 */
export async function openBackend(flags: ServeFlags): Promise<OpenedBackend> {
  const { retention: retentionMs, maxSize: maxBytes } = flags;
  if (flags.memory) {
    const { memory } = await import("../backends/memory/index.ts");
    return { backend: memory({ retentionMs, maxBytes }), place: null, unfinished: "0" };
  }
  if (flags.data !== undefined && REDIS_URL.test(flags.data)) return openRedis(flags, flags.data);
  if (flags.checkpoints !== undefined) {
    throw new ConfigError(
      "--checkpoints goes with --data redis://…: all others keep checkpoints themselves",
    );
  }
  if (flags.data !== undefined && POSTGRES_URL.test(flags.data)) {
    return openPostgres(flags, flags.data);
  }
  if (flags.data !== undefined && ANY_URL.test(flags.data)) {
    const scheme = flags.data.slice(0, flags.data.indexOf(":"));
    throw new ConfigError(
      `Runs cannot be kept in ${scheme}://…: give a file, postgres://… or redis://… as --data`,
    );
  }
  const path = resolve(flags.data ?? join(dirname(flags.config), DATA_FILE));
  await createFolder(dirname(path));
  const { sqlite } = await import("../backends/sqlite/index.ts");
  const backend = await sqlite({ path, retentionMs, maxBytes });
  return { backend, place: fromHere(path), unfinished: await countUnfinished(backend) };
}

const REDIS_URL = /^rediss?:\/\//;

async function openRedis(flags: ServeFlags, url: string): Promise<OpenedBackend> {
  const { retention: retentionMs, maxSize: maxBytes, checkpoints } = flags;
  if (checkpoints !== undefined) checkPostgresUrl("--checkpoints", checkpoints);
  const { redis } = await import("../backends/redis/index.ts");
  const backend = await redis({
    url,
    checkpoints: checkpoints === undefined ? undefined : { postgres: checkpoints },
    retentionMs,
    maxBytes,
  });
  return { backend, place: withoutPassword(url), unfinished: await countUnfinished(backend) };
}

/** Nobody means a file that is called so. */
const ANY_URL = /^[a-z][a-z0-9+.-]*:\/\//i;

const POSTGRES_URL = /^postgres(ql)?:\/\//;

async function openPostgres(flags: ServeFlags, url: string): Promise<OpenedBackend> {
  const { retention: retentionMs, maxSize: maxBytes } = flags;
  checkPostgresUrl("--data", url);
  const { postgres } = await import("../backends/postgres/index.ts");
  const backend = await postgres({ connectionString: url, retentionMs, maxBytes });
  return { backend, place: withoutPassword(url), unfinished: await countUnfinished(backend) };
}

/** It is not told, for its password. */
function checkPostgresUrl(flag: string, url: string): void {
  if (POSTGRES_URL.test(url) && URL.canParse(url)) return;
  throw new ConfigError(
    `${flag} must be an address such as postgres://user:password@host:5432/database, with what is special in the password percent-encoded`,
  );
}

function withoutPassword(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** Beside the `langgraph.json`, so that it is found again from wherever that is served. */
const DATA_FILE = join(".langgraph-graphql", "data.sqlite");

/** What runs have said belongs in no repository. */
async function createFolder(folder: string): Promise<void> {
  try {
    const created = await mkdir(folder, { recursive: true });
    if (created !== undefined) await writeFile(join(folder, ".gitignore"), "*\n");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(
      `${folder} cannot be created (${code}): pass the file to keep runs in with --data, or --memory to keep nothing`,
      { cause: error },
    );
  }
}

/** As short as people would write it. */
function fromHere(path: string): string {
  const below = relative(process.cwd(), path);
  return below.startsWith(`..${sep}`) ? path : below;
}

/** More are not counted: each is read to be counted. */
const MAX_COUNTED = 99;

async function countUnfinished({ runs }: Backend): Promise<string> {
  const { runs: unfinished, hasMore } = await runs.list(
    { statuses: ["queued", "running"] },
    { first: MAX_COUNTED },
  );
  return hasMore ? `more than ${MAX_COUNTED}` : String(unfinished.length);
}
