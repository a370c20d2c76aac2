import type { ServeFlags } from "../serve-options.ts";

/** What a server of `dev` is started with, as JSON in its arguments. */
export interface DevOptions {
  readonly flags: ServeFlags;
  readonly version: string;
}

/** From the server to its supervisor: it listens, on this port. */
export interface Listening {
  readonly port: number;
  /** How long it gives runs when it is to stop, in milliseconds. */
  readonly drain: number;
}

/** From the supervisor to its server: stop in good order. */
export const STOP = "stop";

/** The exit code of a server that a change of the graphs cannot help. */
export const HOPELESS = 2;
