import type { RedisClientLike } from "./client-like.ts";
import { explainFailure } from "./explain.ts";
import type { Script } from "./scripts/script.ts";

/** The one connection for commands, and what all keys begin with. */
export class RedisConnection {
  readonly #client: RedisClientLike;
  readonly #tag: string;
  #isClosed = false;

  constructor(client: RedisClientLike, prefix: string) {
    this.#client = client;
    // A hash tag: Redis Cluster keeps all keys that begin with it on one node.
    this.#tag = `{${prefix}}`;
  }

  key(name: string): string {
    return `${this.#tag}:${name}`;
  }

  /** Runs a script, which all of Redis waits for. Safe to repeat, as all of ours are. */
  async run(script: Script, ...args: readonly (string | number)[]): Promise<unknown> {
    const texts = args.map(String);
    return this.#explained(async () => {
      try {
        return await this.#client.call("EVALSHA", script.sha, "1", this.#tag, ...texts);
      } catch (error) {
        if (!isUnknownScript(error)) throw error;
        // After a restart, a failover, or SCRIPT FLUSH.
        return this.#client.call("EVAL", script.lua, "1", this.#tag, ...texts);
      }
    });
  }

  async command(name: string, ...args: readonly string[]): Promise<unknown> {
    return this.#explained(() => this.#client.call(name, ...args));
  }

  /** Refuses from now on. The client is its owner's to close. */
  close(): void {
    this.#isClosed = true;
  }

  async #explained(ask: () => Promise<unknown>): Promise<unknown> {
    if (this.#isClosed) throw new Error("The Redis backend is closed");
    try {
      return await ask();
    } catch (error) {
      throw explainFailure(error);
    }
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}
