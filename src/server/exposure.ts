import { isIP } from "node:net";
import { ConfigError } from "../errors.ts";

/**
 * Who may use a server: those whom the service authenticates, whoever is on this machine, or whoever
 * reaches it.
 */
export type Exposure = "authenticated" | "this machine" | "anybody";

export interface ExposureOptions {
  readonly isAuthenticated: boolean;
  readonly host: string;
  readonly allowUnauthenticated: boolean;
}

/** Throws `ConfigError` where a server would let in whoever reaches it, and nobody has said so. */
export function exposureOf(options: ExposureOptions): Exposure {
  const { isAuthenticated, host, allowUnauthenticated } = options;
  if (isAuthenticated) return "authenticated";
  if (allowUnauthenticated) return "anybody";
  if (isLoopback(host)) return "this machine";
  throw new ConfigError(
    `On ${host} whoever reaches the server could start, read and cancel all runs: give it ` +
      "an authenticate hook (createService, or langgraph-graphql.config.ts), listen on localhost, or say that it is meant, with " +
      "allowUnauthenticated: true (--allow-unauthenticated)",
  );
}

/** Whether a name can mean nothing but this machine. */
export function isLoopback(name: string): boolean {
  const host = name.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (isIP(host) === 4) return host.startsWith("127.");
  return host === "::1" || host === "localhost" || host.endsWith(".localhost");
}
