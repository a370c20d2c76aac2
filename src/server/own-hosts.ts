import { isLoopback } from "./exposure.ts";

/**
 * Whether a request was meant for a server that only this machine is to reach, by its `Host`. A page of
 * `evil.example` can have that name resolve to 127.0.0.1; then its origin is that of the server, and
 * only the name tells ("DNS rebinding"). The hosts of allowed sites are for proxies on this machine.
 */
export function isOwnHost(host: string | undefined, allowedOrigins: readonly string[]): boolean {
  // HTTP/1.0 has none, and no browser speaks that.
  if (host === undefined) return true;
  if (!URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(`http://${host}`);
  return isLoopback(hostname) || allowedOrigins.some((origin) => new URL(origin).host === host);
}

/** What whoever asks for another host is told. */
export function otherHost(host: string): string {
  return (
    `This server is for this machine only, and ${JSON.stringify(host.slice(0, 255))} is no name of it: ` +
    "ask for localhost; behind a proxy, name its site in allowedOrigins (--origin)"
  );
}
