import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWK } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { anyOf, apiKeys, jwt, type Authentication } from "../../src/auth/index.ts";

const SECRET = "a secret that has 32 bytes or more";
const KEY = new TextEncoder().encode(SECRET);
const EXPIRES = new Date("2040-01-01T00:00:00Z");

function credentials(token: string | null) {
  return { token, headers: new Headers() };
}

/** A token that is good unless the test makes it something else. */
function tokenOf(
  claims: Readonly<Record<string, unknown>> = {},
  header: { readonly alg: string; readonly kid?: string } = { alg: "HS256" },
): SignJWT {
  const exp = Math.floor(EXPIRES.getTime() / 1000);
  return new SignJWT({ sub: "ann", exp, ...claims }).setProtectedHeader({ ...header });
}

describe("tokens by a secret", () => {
  const authenticate = jwt({ secret: SECRET, issuer: "us", audience: "here", tenantClaim: "org" });
  const good = { iss: "us", aud: "here", org: "acme", scope: "read  write" };

  test("tell viewer, tenant, permissions and until when that holds", async () => {
    const token = await tokenOf(good).sign(KEY);
    expect(await authenticate(credentials(token))).toEqual({
      viewer: { id: "ann", tenant: "acme", permissions: ["read", "write"] },
      expiresAt: EXPIRES,
    } satisfies Authentication);
  });

  test.each<[what: string, token: () => string | null | Promise<string>]>([
    ["no token", () => null],
    ["something else", () => "no token"],
    ["one of nobody", () => tokenOf({ ...good, sub: undefined }).sign(KEY)],
    ["one without the tenant", () => tokenOf({ ...good, org: undefined }).sign(KEY)],
    ["one with a tenant that is none", () => tokenOf({ ...good, org: 7 }).sign(KEY)],
    ["one by another secret", () => tokenOf(good).sign(new TextEncoder().encode(SECRET + "!"))],
    ["one by another algorithm", () => tokenOf(good, { alg: "HS512" }).sign(KEY)],
    ["one that is not signed", () => new UnsecuredJWT({ ...good, sub: "ann", exp: 4e9 }).encode()],
    [
      "one whose algorithm says none",
      async () => {
        const [, payload, signature] = (await tokenOf(good).sign(KEY)).split(".");
        const header = Buffer.from('{"alg":"none"}').toString("base64url");
        return [header, payload, signature].join(".");
      },
    ],
  ])("are refused: %s", async (_what, make) => {
    expect(await authenticate(credentials(await make()))).toBeNull();
  });

  test.each<[what: string, claims: Readonly<Record<string, unknown>>, why: string]>([
    ["one that has expired", { exp: 1_000 }, "has expired"],
    ["one that never expires", { exp: undefined }, "exp is not"],
    ["one that is not good yet", { nbf: 4_000_000_000 }, "nbf is not"],
    ["one for others", { aud: "elsewhere" }, "aud is not"],
    ["one by others", { iss: "them" }, "iss is not"],
  ])("are refused, and whoever has one is told why: %s", async (_what, claims, why) => {
    const token = await tokenOf({ ...good, ...claims }).sign(KEY);
    await expect(authenticate(credentials(token))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining(why) as string,
    });
    // Whoever has made it up is not.
    const forged = await tokenOf({ ...good, ...claims }).sign(
      new TextEncoder().encode(SECRET + "!"),
    );
    expect(await authenticate(credentials(forged))).toBeNull();
  });

  test("may tell the viewer in any claims", async () => {
    const own = jwt({
      secret: SECRET,
      toViewer: ({ email }) => (typeof email === "string" ? { id: email } : null),
    });
    const token = await tokenOf({ email: "ann@example.com" }).sign(KEY);
    expect(await own(credentials(token))).toMatchObject({ viewer: { id: "ann@example.com" } });
    expect(await own(credentials(await tokenOf().sign(KEY)))).toBeNull();
  });
});

describe("tokens by keys that a server publishes", () => {
  let server: Server;
  let jwksUrl: string;
  let sign: (claims?: Readonly<Record<string, unknown>>) => Promise<string>;
  let publicKey: JWK;
  let isAway = false;
  beforeAll(async () => {
    const pair = await generateKeyPair("ES256", { extractable: true });
    publicKey = { ...(await exportJWK(pair.publicKey)), kid: "1", alg: "ES256" };
    sign = (claims) => tokenOf(claims, { alg: "ES256", kid: "1" }).sign(pair.privateKey);
    server = createServer((_request, response) => {
      if (isAway) response.writeHead(503).end();
      else response.end(JSON.stringify({ keys: [publicKey] }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  });
  afterAll(() => void server.close());

  test("are good", async () => {
    const answer = await jwt({ jwksUrl })(credentials(await sign()));
    expect(answer).toEqual({ viewer: { id: "ann" }, expiresAt: EXPIRES });
  });

  test("are refused when another key has signed them", async () => {
    const other = await generateKeyPair("ES256");
    const authenticate = jwt({ jwksUrl });
    for (const kid of ["1", "2"]) {
      const forged = tokenOf({}, { alg: "ES256", kid }).sign(other.privateKey);
      expect(await authenticate(credentials(await forged))).toBeNull();
    }
  });

  test("are refused when the public key itself has been taken for a secret", async () => {
    const secret = new TextEncoder().encode(JSON.stringify(publicKey));
    const forged = await tokenOf({}, { alg: "HS256", kid: "1" }).sign(secret);
    expect(await jwt({ jwksUrl })(credentials(forged))).toBeNull();
  });

  test("let nobody in while the keys cannot be had, and say so", async () => {
    isAway = true;
    await expect(jwt({ jwksUrl })(credentials(await sign()))).rejects.toThrow();
    isAway = false;
  });
});

test.each<[what: string, Parameters<typeof jwt>[0]]>([
  ["neither a secret nor keys", {}],
  ["both", { secret: SECRET, jwksUrl: "https://example.com/jwks.json" }],
  ["a secret that can be guessed", { secret: "secret" }],
  ["tokens without a signature", { secret: SECRET, algorithms: ["none"] }],
  ["secrets that are public", { jwksUrl: "https://example.com/jwks.json", algorithms: ["HS256"] }],
  ["a name that is none", { secret: SECRET, audiance: "here" } as Parameters<typeof jwt>[0]],
  ["no address of keys", { jwksUrl: "login.example.com/jwks.json" }],
  ["no algorithm", { secret: SECRET, algorithms: [] }],
])("options that would let anybody in are refused: %s", (_what, options) => {
  expect(() => jwt(options)).toThrow(expect.objectContaining({ code: "CONFIG" }));
});

test("any of several ways will do", async () => {
  const key = "0123456789abcdef-billing";
  const authenticate = anyOf(jwt({ secret: SECRET }), apiKeys({ [key]: { id: "billing" } }));
  const token = await tokenOf().sign(KEY);
  expect(await authenticate(credentials(token))).toMatchObject({ viewer: { id: "ann" } });
  expect(await authenticate(credentials(key))).toEqual({ viewer: { id: "billing" } });
  expect(await authenticate(credentials("neither"))).toBeNull();
  expect(await authenticate(credentials(null))).toBeNull();
});

test("a token that one of several ways refuses may be good for the next; if not, it is told why", async () => {
  const authenticate = anyOf(
    jwt({ secret: SECRET, audience: "here" }),
    jwt({ secret: SECRET, audience: "there" }),
  );
  const there = await tokenOf({ aud: "there" }).sign(KEY);
  expect(await authenticate(credentials(there))).toMatchObject({ viewer: { id: "ann" } });
  const elsewhere = await tokenOf({ aud: "elsewhere" }).sign(KEY);
  await expect(authenticate(credentials(elsewhere))).rejects.toThrow("aud is not");
});

test("what a way throws that is no refusal ends it", async () => {
  const broken = () => {
    throw new Error("the directory is away");
  };
  const authenticate = anyOf(broken, () => ({ viewer: { id: "ann" } }));
  await expect(authenticate(credentials("token"))).rejects.toThrow("the directory is away");
});

test("several ways that are none, or no hooks, are refused at the start", () => {
  expect(() => anyOf()).toThrow(expect.objectContaining({ code: "CONFIG" }));
  const missing = undefined as unknown as ReturnType<typeof jwt>;
  expect(() => anyOf(jwt({ secret: SECRET }), missing)).toThrow("anyOf wants hooks");
});
