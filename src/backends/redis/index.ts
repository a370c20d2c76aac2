import type { Backend, Retention } from "../../backend.ts";
import { ConfigError } from "../../errors.ts";
import { retentionOf } from "../retention.ts";
import type { RedisClientLike } from "./client-like.ts";
import { type CheckpointOptions, type Checkpoints, openRunCheckpoints } from "./checkpoints.ts";
import { borrow, type Clients, connect } from "./connect.ts";
import { RedisConnection } from "./connection.ts";
import { diagnoseInfo, majorVersion } from "./diagnose.ts";
import { RedisEventLog } from "./event-log.ts";
import { explainOpening } from "./explain.ts";
import { Heads } from "./heads.ts";
import { LeaseClock } from "./lease-clock.ts";
import { RedisRunStore } from "./run-store.ts";
import { VERSION } from "./scripts/version.ts";
import { RedisThreadLocks } from "./thread-locks.ts";
import { RedisWakeups } from "./wakeups.ts";

export type { CheckpointOptions } from "./checkpoints.ts";
export type { RedisClientLike } from "./client-like.ts";

/** Where {@link redis} keeps things, and how long. */
export interface RedisOptions {
  /** The address, such as `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url?: string | undefined;
  /**
   * A client instead of `url`: of Redis Cluster, or with Sentinels. Whoever made it closes it, after
   * the backend is disposed of; a second connection is made of it for what is published.
   */
  readonly client?: RedisClientLike | undefined;
  /**
   * What all keys and channels begin with, in braces. Services that share it share all runs.
   * @default "langgraph-graphql"
   */
  readonly prefix?: string | undefined;
  /**
   * Where graphs that were compiled without a checkpointer keep their checkpoints, and LangGraph's
   * long-term store with them: in Postgres, which needs the packages `pg` and
   * `@langchain/langgraph-checkpoint-postgres`, or in a saver that is given. Without it such graphs
   * keep none: interrupts, threads and going on after a crash need them. `false` says that this is meant.
   */
  readonly checkpoints?: CheckpointOptions | false | undefined;
  /**
   * How long ended runs are kept, in milliseconds from their end; `Infinity` for ever.
   * @default 604_800_000 (7 days)
   */
  readonly retentionMs?: number | undefined;
  /**
   * How many bytes events and records may take, roughly, before the logs of the runs that ended first
   * are emptied; `Infinity` for any number. Keep it below Redis' own `maxmemory`.
   * @default 1_073_741_824 (1 GiB)
   */
  readonly maxBytes?: number | undefined;
  /**
   * How many checkpoints of a thread are kept, its newest; `Infinity` for all.
   * @default 100
   */
  readonly maxCheckpoints?: number | undefined;
  /**
   * What leases are measured by. Give one only if all processes have the same.
   * @default Redis' clock
   */
  readonly clock?: (() => Date) | undefined;
}

const DEFAULTS = {
  retentionMs: 604_800_000, // 7 days
  maxBytes: 2 ** 30, // 1 GiB
  maxCheckpoints: 100,
};

const DEFAULT_PREFIX = "langgraph-graphql";

/** Of the keys, as `scripts/library.ts` lists them. */
const VERSION_OF_KEYS = "1";

/** The oldest that has all that scripts use. */
const OLDEST_REDIS = 7;

/**
 * Keeps runs, threads, the queue and events in Redis, for any number of processes on any number of
 * machines: what one of them appends wakes those that watch in all. Needs Redis 7.0 or later without
 * modules, with `maxmemory-policy noeviction` and `appendonly yes`, which it warns about when it is
 * not so, and the package `ioredis`.
 *
 * All keys have one hash tag, so that every change is one script on one node, atomic, also in Redis
 * Cluster; services with different prefixes may be on different nodes.
 *
 * Rejects with a `ConfigError` that says what to do when Redis is not reached, refuses the password, is
 * a replica or too old, or holds what a newer version of this package wrote. While it is away, calls
 * wait for two seconds before they fail.
 */
export async function redis(options: RedisOptions): Promise<Backend> {
  const retention = retentionOf("redis", options, DEFAULTS);
  const prefix = prefixOf(options);
  const clients = await open(options);
  const connection = new RedisConnection(clients.client, prefix);
  const diagnose = async () => [
    ...diagnoseInfo(String(await connection.command("INFO"))),
    ...(options.checkpoints === undefined ? [NO_CHECKPOINTS] : []),
  ];
  let checkpoints: Checkpoints | undefined;
  try {
    await checkServer(connection);
    const wakeups = await RedisWakeups.open(connection, clients.subscriber);
    checkpoints = await openRunCheckpoints(options.checkpoints || undefined);
    warn(await diagnose());
    return backendOf({ options, retention, connection, clients, wakeups, checkpoints, diagnose });
  } catch (error) {
    clients.close();
    await checkpoints?.close();
    throw explainOpening(error, clients.place);
  }
}

const NO_CHECKPOINTS =
  'Graphs without a checkpointer of their own get none, so that they cannot be interrupted or go on after a crash: redis({ checkpoints: { postgres: "postgres://…" } })';

function backendOf(parts: {
  readonly options: RedisOptions;
  readonly retention: Retention;
  readonly connection: RedisConnection;
  readonly clients: Clients;
  readonly wakeups: RedisWakeups;
  readonly checkpoints: Checkpoints;
  readonly diagnose: () => Promise<readonly string[]>;
}): Backend {
  const { options, retention, connection, clients, wakeups, checkpoints, diagnose } = parts;
  const clock = new LeaseClock(options.clock);
  const heads = new Heads();
  const { saver, store, fences, fenced, prune } = checkpoints;
  let closing: Promise<void> | undefined;
  return {
    runs: new RedisRunStore({ connection, heads, clock, fences }),
    events: new RedisEventLog({ connection, heads, wakeups, clock }),
    wakeups,
    checkpointer: saver,
    store,
    isDurable: true,
    isShared: true,
    retention,
    threadLocks: new RedisThreadLocks(connection, wakeups),
    ...(fenced && { checkpointerFor: fenced }),
    ping: async () => void (await Promise.all([connection.command("PING"), checkpoints.ping()])),
    diagnose,
    storedBytes: async () => Number(await connection.command("GET", connection.key("bytes"))),
    pruneCheckpoints: prune,
    [Symbol.asyncDispose]: () =>
      (closing ??= (async () => {
        connection.close();
        clients.close();
        await checkpoints.close();
      })()),
  };
}

const warned = new Set<string>();

/** Once for the whole process, however many backends are opened. */
function warn(problems: readonly string[]): void {
  for (const problem of problems) {
    if (!warned.has(problem)) process.emitWarning(problem);
    warned.add(problem);
  }
}

async function open({ url, client }: RedisOptions): Promise<Clients> {
  if (client && url === undefined) return borrow(client);
  if (url !== undefined && !client) return connect(url);
  throw new ConfigError(
    "redis() takes either a url or a client: redis({ url: process.env.REDIS_URL })",
  );
}

function prefixOf({ prefix = DEFAULT_PREFIX }: RedisOptions): string {
  if (prefix !== "" && !/[{}]/.test(prefix)) return prefix;
  throw new ConfigError(`redis({ prefix: ${JSON.stringify(prefix)} }): give one without braces`);
}

/** Whether it is one that can be used, written to, and holds nothing of a newer version of this package. */
async function checkServer(connection: RedisConnection): Promise<void> {
  const info = String(await connection.command("INFO", "server"));
  if (majorVersion(info) < OLDEST_REDIS) {
    throw new ConfigError(`Redis is older than version ${OLDEST_REDIS}: update it`);
  }
  const version = String(await connection.run(VERSION, VERSION_OF_KEYS));
  if (version !== VERSION_OF_KEYS) {
    throw new ConfigError(
      `The runs were written by another langgraph-graphql (their version is ${version}, this one knows ${VERSION_OF_KEYS}): update langgraph-graphql, or choose another prefix`,
    );
  }
}
