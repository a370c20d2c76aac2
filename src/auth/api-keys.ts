import { createHash, timingSafeEqual } from "node:crypto";
import type { Authenticate } from "../access/authenticate.ts";
import type { Viewer } from "../access/viewer.ts";
import { ConfigError } from "../errors.ts";

/** A shorter one can be guessed. */
const MIN_KEY_CHARACTERS = 16;

export interface ApiKeysOptions {
  /** The header that a key may come in, beside `Authorization: Bearer …`. @default "x-api-key" */
  readonly header?: string | undefined;
}

/**
 * Knows programs by secret keys, which do not expire:
 *
 * ```ts
 * apiKeys({ [process.env.BILLING_KEY]: { id: "billing" } })
 * apiKeys(async (sha256) => (await db.keys.find({ sha256 }))?.viewer ?? null)
 * ```
 *
 * A function is given the SHA-256 of the key, in hexadecimal digits: store that, and not the keys. Throws
 * `ConfigError` for a key that can be guessed.
 */
export function apiKeys(
  keys:
    | Readonly<Record<string, Viewer>>
    | ((sha256: string) => Viewer | null | Promise<Viewer | null>),
  { header = "x-api-key" }: ApiKeysOptions = {},
): Authenticate {
  const find =
    typeof keys === "function" ? (hash: Buffer) => keys(hash.toString("hex")) : among(keys);
  return async ({ token, headers }) => {
    const key = token ?? headers.get(header);
    if (key === null) return null;
    const viewer = await find(hashOf(key));
    return viewer && { viewer };
  };
}

/** Compares with all of them, each in the same time whatever they have in common. */
function among(keys: Readonly<Record<string, Viewer>>): (hash: Buffer) => Viewer | null {
  const known = Object.entries(keys).map(([key, viewer]) => {
    if (key.length >= MIN_KEY_CHARACTERS) return { hash: hashOf(key), viewer };
    throw new ConfigError(
      `An API key must have ${MIN_KEY_CHARACTERS} characters at least: \`openssl rand -base64 32\` makes one`,
    );
  });
  return (given) => {
    let found: Viewer | null = null;
    for (const { hash, viewer } of known) if (timingSafeEqual(hash, given)) found = viewer;
    return found;
  };
}

function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
