import {
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from "jose";
import type { Authenticate } from "../access/authenticate.ts";
import type { Viewer } from "../access/viewer.ts";
import { ConfigError, UnauthenticatedError } from "../errors.ts";
import { meant } from "../nearest.ts";

/** RFC 7518 §3.2: a key for HS256 has at least as many bits as the hash. */
const MIN_SECRET_BYTES = 32;

/** Those of key pairs: with a public key nobody may sign anything. */
const OF_KEY_PAIRS: readonly string[] = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

export interface JwtOptions {
  /** What tokens are signed with, for `HS256`: 32 bytes at least. Either this or `jwksUrl`. */
  readonly secret?: string | Uint8Array | undefined;
  /** Where the public keys are: `https://…/.well-known/jwks.json`. Fetched when needed, and kept. */
  readonly jwksUrl?: string | URL | undefined;
  /** Who must have issued a token: its `iss`. @default anybody who can sign it */
  readonly issuer?: string | readonly string[] | undefined;
  /** Whom a token must be for: its `aud`. Give it where other services have tokens by the same keys. @default anybody */
  readonly audience?: string | readonly string[] | undefined;
  /** @default `HS256` with a secret, and all of key pairs with `jwksUrl` */
  readonly algorithms?: readonly string[] | undefined;
  /** The claim that is the viewer's tenant. A token without it is refused. @default no tenants */
  readonly tenantClaim?: string | undefined;
  /**
   * Who it is, from the claims of a token that is good; `null` refuses.
   * @default `sub` is the id, `tenantClaim` the tenant, the words of `scope` are the permissions
   */
  readonly toViewer?: ((claims: JWTPayload) => Viewer | null | Promise<Viewer | null>) | undefined;
}

/**
 * Knows viewers by JSON Web Tokens: `Authorization: Bearer …`, or `connectionParams.authorization`. One
 * must expire (`exp`), and streams end when it does. Refused are those that have, or are not signed as
 * they should be, or are for others. Throws `ConfigError` for options that would let anybody in.
 */
export function jwt(options: JwtOptions): Authenticate {
  checkNames(options);
  const { toViewer = readViewer(options.tenantClaim) } = options;
  const verify = verifierOf(options);
  return async ({ token }) => {
    const claims = token === null ? null : await verify(token);
    const viewer = claims && (await toViewer(claims));
    return viewer && { viewer, expiresAt: new Date(Number(claims.exp) * 1000) };
  };
}

/** A slip in `audience` would let in those whose tokens are for others. */
const NAMES: readonly string[] = Object.keys({
  secret: true,
  jwksUrl: true,
  issuer: true,
  audience: true,
  algorithms: true,
  tenantClaim: true,
  toViewer: true,
} satisfies Record<keyof JwtOptions, true>);

function checkNames(options: JwtOptions): void {
  for (const name of Object.keys(options)) {
    if (NAMES.includes(name)) continue;
    throw new ConfigError(`jwt has no option ${JSON.stringify(name)}${meant(name, NAMES)}`);
  }
}

function readViewer(tenantClaim: string | undefined): (claims: JWTPayload) => Viewer | null {
  return ({ sub, scope, ...claims }) => {
    if (sub === undefined) return null;
    const viewer: Viewer = {
      id: sub,
      ...(typeof scope === "string" && { permissions: scope.split(" ").filter(Boolean) }),
    };
    if (tenantClaim === undefined) return viewer;
    const tenant = claims[tenantClaim];
    return typeof tenant === "string" ? { ...viewer, tenant } : null;
  };
}

/**
 * The claims of a token; `null` for one that is none, or that nobody known has signed. Throws
 * `UnauthenticatedError` for what only whoever has such a token learns of it, and what comes up when the
 * keys cannot be had.
 */
function verifierOf(options: JwtOptions): (token: string) => Promise<JWTPayload | null> {
  const key = keyOf(options);
  const { issuer, audience } = options;
  const checks: JWTVerifyOptions = {
    algorithms: [...algorithmsOf(options)],
    requiredClaims: ["exp"],
    ...(issuer !== undefined && { issuer: typeof issuer === "string" ? issuer : [...issuer] }),
    ...(audience !== undefined && {
      audience: typeof audience === "string" ? audience : [...audience],
    }),
  };
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, key, checks);
      return payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired) {
        throw new UnauthenticatedError("The token has expired: send a fresh one");
      }
      if (error instanceof errors.JWTClaimValidationFailed) {
        throw new UnauthenticatedError(
          `The token is signed as it should be, but ${error.claim} is not what this service wants`,
        );
      }
      if (isNotGood(error)) return null;
      throw error;
    }
  };
}

function keyOf({ secret, jwksUrl }: JwtOptions): JWTVerifyGetKey {
  if ((secret === undefined) === (jwksUrl === undefined)) {
    throw new ConfigError("jwt wants either a secret or a jwksUrl");
  }
  if (jwksUrl !== undefined) {
    if (URL.canParse(jwksUrl)) return createRemoteJWKSet(new URL(jwksUrl));
    throw new ConfigError(
      `jwksUrl of jwt must be an address such as https://login.example.com/.well-known/jwks.json, not ${JSON.stringify(jwksUrl)}`,
    );
  }
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  if (bytes && bytes.length >= MIN_SECRET_BYTES) return () => bytes;
  throw new ConfigError(
    `The secret of jwt must have ${MIN_SECRET_BYTES} bytes at least: \`openssl rand -base64 32\` makes one`,
  );
}

function algorithmsOf({ secret, algorithms }: JwtOptions): readonly string[] {
  const possible = secret === undefined ? OF_KEY_PAIRS : ["HS256", "HS384", "HS512"];
  const chosen = algorithms ?? (secret === undefined ? OF_KEY_PAIRS : ["HS256"]);
  const wrong = chosen.find((algorithm) => !possible.includes(algorithm));
  if (wrong === undefined && chosen.length > 0) return chosen;
  throw new ConfigError(
    `algorithms of jwt may be ${possible.join(", ")} here, not ${JSON.stringify(wrong ?? [])}`,
  );
}

/** Whether it is the token's fault, and not that of whoever keeps the keys. */
function isNotGood(error: unknown): boolean {
  return FAULTS_OF_TOKENS.some((fault) => error instanceof fault);
}

const FAULTS_OF_TOKENS = [
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];
