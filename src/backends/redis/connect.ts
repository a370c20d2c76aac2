import { ConfigError } from "../../errors.ts";
import type { RedisClientLike } from "./client-like.ts";
import { explainOpening } from "./explain.ts";

/** How long it waits before it connects again, at most. */
const MAX_RECONNECT_MS = 500;

/** After so many attempts, two seconds or so, what was asked for meanwhile is refused. */
const MAX_RECONNECTS = 6;

/** Longer than any script takes: one that takes this long is not answered any more. */
const COMMAND_TIMEOUT_MS = 10_000;

/** A client for commands, one for what is published, and how to close those that are ours. */
export interface Clients {
  readonly client: RedisClientLike;
  readonly subscriber: RedisClientLike;
  /** The address, for messages: without a password. */
  readonly place: string;
  close(): void;
}

/** Connects to `url`. Rejects with a {@link ConfigError} that says what to do. */
export async function connect(url: string): Promise<Clients> {
  const place = placeOf(url);
  const { Redis } = await loadDriver();
  const options = {
    lazyConnect: true,
    // After a failover the address is that of the new primary.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
    retryStrategy: (times: number) => Math.min(MAX_RECONNECT_MS, 25 * 2 ** times),
    connectionName: "langgraph-graphql",
  } as const;
  const client = new Redis(url, {
    ...options,
    maxRetriesPerRequest: MAX_RECONNECTS,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
  const subscriber = new Redis(url, {
    ...options,
    autoResubscribe: false,
    // A subscription waits for as long as Redis is away.
    maxRetriesPerRequest: null,
  });
  const close = () => {
    client.disconnect();
    subscriber.disconnect();
  };
  let reason: Error | undefined;
  for (const one of [client, subscriber]) {
    // Whoever asks for something is told; without a listener each would be printed.
    one.on("error", (error) => (reason = error));
  }
  try {
    await Promise.all([client.connect(), subscriber.connect()]);
  } catch (error) {
    close();
    throw explainOpening(reason ?? error, place);
  }
  return { client, subscriber, place, close };
}

/** Works with a client of the caller's, who closes it. */
export function borrow(client: RedisClientLike): Clients {
  const subscriber = client.duplicate();
  subscriber.on("error", () => {
    // It connects again by itself; until then nothing is published.
  });
  return {
    client,
    subscriber,
    place: "the address of the given client",
    close: () => subscriber.disconnect(),
  };
}

/** Loads what may not be installed. */
async function loadDriver() {
  try {
    return await import("ioredis");
  } catch (cause) {
    throw new ConfigError(
      "redis({ url }) needs a package that could not be loaded: npm install ioredis",
      { cause },
    );
  }
}

function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^rediss?:$/.test(parsed.protocol)) {
    throw new ConfigError(
      `redis({ url: ${JSON.stringify(parsed ? parsed.protocol : url)} }): give an address such as redis://localhost:6379`,
    );
  }
  return parsed.host;
}
