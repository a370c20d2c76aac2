import { UnauthenticatedError } from "../errors.ts";
import { callerFor, NOBODY, type Caller } from "./caller.ts";
import type { InTime } from "./in-time.ts";
import type { Viewer } from "./viewer.ts";
import type { WatchTokens } from "./watch-tokens.ts";

/** What a request, or a WebSocket's `connection_init`, shows of who makes it. */
export interface Credentials {
  /** The token of `Authorization: Bearer …`; on a WebSocket also of `connectionParams.authorization`. */
  readonly token: string | null;
  /** Those of the request, on a WebSocket those of its upgrade: cookies, API keys. */
  readonly headers: Headers;
  /** What a WebSocket's client gave as `connectionParams`; absent elsewhere. */
  readonly connectionParams?: Readonly<Record<string, unknown>> | undefined;
}

/** Who it is, and until when that holds. */
export interface Authentication {
  readonly viewer: Viewer;
  /** Then streams break off and sockets close, and clients come back with fresh credentials. */
  readonly expiresAt?: Date | undefined;
}

/**
 * Tells who asks: once for each HTTP request, and once for each WebSocket. `null` refuses with
 * `UNAUTHENTICATED`. So does throwing: one of this package's errors is shown to the client, any other
 * is logged and shown as `INTERNAL`. Nobody is let in for a mistake, nor waited for any longer than
 * `limits.accessTimeoutMs`.
 */
export type Authenticate = (
  credentials: Credentials,
) => Authentication | null | Promise<Authentication | null>;

/**
 * Finds out who asks; `urlToken` is what a GET has as `?token=`. Throws `UnauthenticatedError`, and what
 * the hook throws.
 */
export type Authenticator = (credentials: Credentials, urlToken?: string | null) => Promise<Caller>;

/**
 * Watch tokens are known without the hook, which never sees one; in a URL, where logs keep them, no other
 * token is taken. Without a hook nobody else is identified, and everybody let in.
 */
export function createAuthenticator(
  authenticate: Authenticate | undefined,
  watchTokens: WatchTokens,
  inTime: InTime,
): Authenticator {
  return async (credentials, urlToken = null) => {
    const { token } = credentials;
    if (token !== null && watchTokens.isOne(token)) return watchTokens.read(token);
    if (token === null && urlToken !== null) return watchTokens.read(urlToken);
    if (!authenticate) return NOBODY;
    const authentication = await inTime("authenticate", () => authenticate(credentials));
    if (!authentication) throw new UnauthenticatedError();
    const { viewer, expiresAt } = authentication;
    checkDate(expiresAt);
    if (expiresAt && expiresAt.getTime() <= Date.now()) {
      throw new UnauthenticatedError("The token has expired");
    }
    return callerFor(checkViewer(viewer), expiresAt);
  };
}

/** Hooks without types forget that the viewer is one of the things that they tell. */
function checkViewer(viewer: Viewer | undefined): Viewer {
  if (viewer) return viewer;
  throw new TypeError("authenticate must return { viewer: { id } }, or null for nobody");
}

/** One that is no date would never come. */
function checkDate(date: Date | undefined): void {
  if (date === undefined || (date instanceof Date && !Number.isNaN(date.getTime()))) return;
  throw new TypeError("expiresAt must be a Date");
}

/**
 * The token in the value of an `Authorization` header (RFC 6750 §2.1); `null` if there is none, or one that
 * could not stand in a header, which whoever passes it on would stumble over.
 */
export function bearerOf(authorization: unknown): string | null {
  if (typeof authorization !== "string") return null;
  return /^bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1] ?? null;
}
