import { randomBytes } from "node:crypto";
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import { BadUserInputError, ConfigError, UnauthenticatedError } from "../errors.ts";
import type { Caller } from "./caller.ts";
import { viewerOf } from "./viewer.ts";

/** What tells a watch token from all others that may come as a bearer's; the signature covers it. */
const TYPE = "langgraph-graphql-watch+jwt";
const AUDIENCE = "langgraph-graphql/watch";
const ALGORITHM = "HS256";

/** RFC 7518 §3.2: a key for HS256 has at least as many bits as the hash. */
const MIN_SECRET_BYTES = 32;

export const DEFAULT_WATCH_TOKEN_SECONDS = 15 * 60; // 15 min
export const MAX_WATCH_TOKEN_SECONDS = 24 * 60 * 60; // 1 day

/** Lets whoever has it watch one run, for a while. */
export interface WatchToken {
  readonly token: string;
  readonly expiresAt: Date;
}

export interface WatchTokensOptions {
  /** @default random: no other process reads them, nor this one after a restart */
  readonly secret?: string | Uint8Array | undefined;
  readonly clock?: (() => Date) | undefined;
}

/** Makes and reads tokens for those who may watch one run and nothing else: signed, so that nothing is kept. */
export class WatchTokens {
  readonly #secret: Uint8Array;
  readonly #clock: () => Date;

  /** Throws `ConfigError` for a secret that is too short. */
  constructor({ secret, clock }: WatchTokensOptions = {}) {
    this.#secret = readSecret(secret ?? randomBytes(MIN_SECRET_BYTES));
    this.#clock = clock ?? (() => new Date());
  }

  /** Whether a token says that it is one: then it is to be read here, and nowhere else. */
  isOne(token: string): boolean {
    try {
      return decodeProtectedHeader(token).typ === TYPE;
    } catch {
      return false;
    }
  }

  /** Makes one for a run. Throws `BadUserInputError` for a time that is too short or too long. */
  async create(
    run: { readonly id: string; readonly viewer: string | null },
    ttlSeconds: number = DEFAULT_WATCH_TOKEN_SECONDS,
  ): Promise<WatchToken> {
    checkTtl(ttlSeconds);
    const now = Math.floor(this.#clock().getTime() / 1000);
    const expires = now + ttlSeconds;
    const token = await new SignJWT({ run: run.id, owner: run.viewer })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
      .setAudience(AUDIENCE)
      .setIssuedAt(now)
      .setExpirationTime(expires)
      .sign(this.#secret);
    return { token, expiresAt: new Date(expires * 1000) };
  }

  /** The one who watches with it. Throws `UnauthenticatedError`. */
  async read(token: string): Promise<Caller> {
    const { run, owner, exp } = await this.#verify(token);
    if (typeof run !== "string" || typeof exp !== "number") throw notGood();
    if (owner !== null && typeof owner !== "string") throw notGood();
    return {
      owner,
      viewer: owner === null ? null : viewerOf(owner),
      watches: run,
      expiresAt: new Date(exp * 1000),
    };
  }

  async #verify(token: string): Promise<Readonly<Record<string, unknown>>> {
    try {
      const { payload } = await jwtVerify(token, this.#secret, {
        algorithms: [ALGORITHM],
        typ: TYPE,
        audience: AUDIENCE,
        requiredClaims: ["run", "exp"],
        currentDate: this.#clock(),
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired) {
        throw new UnauthenticatedError("The watch token has expired: ask for a new one");
      }
      throw notGood();
    }
  }
}

function readSecret(secret: string | Uint8Array): Uint8Array {
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  if (bytes.length >= MIN_SECRET_BYTES) return bytes;
  throw new ConfigError(
    `watchTokenSecret must have ${MIN_SECRET_BYTES} bytes at least, not ${bytes.length}: \`openssl rand -base64 32\` makes one`,
  );
}

function checkTtl(ttlSeconds: number): void {
  if (Number.isInteger(ttlSeconds) && ttlSeconds >= 1 && ttlSeconds <= MAX_WATCH_TOKEN_SECONDS) {
    return;
  }
  const message = `Must be a whole number from 1 to ${MAX_WATCH_TOKEN_SECONDS}`;
  throw new BadUserInputError(`ttlSeconds: ${message}`, [{ path: ["ttlSeconds"], message }]);
}

function notGood(): UnauthenticatedError {
  return new UnauthenticatedError("The watch token is not good: ask for a new one");
}
