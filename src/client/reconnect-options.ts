import { retryDelayMs, wait } from "./backoff.ts";

/** How often a connection asks whether the server is there, in milliseconds. */
const KEEP_ALIVE_MS = 10_000;

/**
 * Options for `createClient` of graphql-ws with which it comes back however long the server is away;
 * by itself it gives up after five attempts, and in browsers at the first that finds no server:
 *
 * ```ts
 * const client = resumable(createClient({ url, ...reconnectOptions }));
 * ```
 *
 * It tries again after a quarter of a second, then ever more rarely, at least every 15 s, and at
 * random moments, so that clients do not all come at once. `shouldRetry` decides what is hopeless:
 * give your own to be told of an address where there never was a server. What the protocol calls
 * fatal, a request it refuses (4400) or a missing permission (4401), is not tried again.
 */
export const reconnectOptions = {
  keepAlive: KEEP_ALIVE_MS,
  retryAttempts: Infinity,
  retryWait: (retries: number): Promise<void> => wait(retryDelayMs(retries)),
  shouldRetry: (): boolean => true,
};
