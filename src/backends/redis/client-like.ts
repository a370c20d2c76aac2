/**
 * What the backend needs of a client: `Redis` and `Cluster` of the package `ioredis` have it. A command
 * MUST resolve to what Redis answers, with texts as strings, and reject with an `Error` whose message
 * begins with Redis' own code (`NOSCRIPT`, `READONLY`, `OOM` …).
 */
export interface RedisClientLike {
  call(command: string, ...args: string[]): Promise<unknown>;
  /** A client like this one, with a connection of its own. */
  duplicate(): RedisClientLike;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  on(event: "message", listener: (channel: string, message: string) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "ready", listener: () => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
  disconnect(): void;
}
