import { startChild, type Child } from "./processes.ts";

/** Many subscribers of one run, a socket each. */
export interface Audience {
  /** Where the server is. */
  readonly url: string;
  readonly runId: string;
  readonly count: number;
  /**
   * How often each reads a piece of what has come, in milliseconds; 0: never, once it has had an event.
   * @default as fast as it comes
   */
  readonly readEveryMs?: number;
}

/** Clients in a process of their own, with an `ulimit -n` of their own. */
export interface Crowd extends AsyncDisposable {
  /** Resolves once all watch. */
  readonly watch: (audience: Audience) => Promise<void>;
  /** All of them drop their sockets. */
  readonly leave: () => Promise<void>;
}

export async function startCrowd(): Promise<Crowd> {
  const child: Child = await startChild("../clients/crowd.ts");
  return {
    watch: (audience) => child.call("watch", audience),
    leave: () => child.call("leave"),
    [Symbol.asyncDispose]: child[Symbol.asyncDispose],
  };
}
