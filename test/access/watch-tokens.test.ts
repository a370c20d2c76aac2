import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { ownerOf } from "../../src/access/viewer.ts";
import { WatchTokens } from "../../src/access/watch-tokens.ts";

const SECRET = "a secret that has 32 bytes or more";
const RUN = { id: "r", viewer: ownerOf({ id: "ann", tenant: "a" }) };

/** Tokens, and a clock that the test turns. */
function at(start: string) {
  let now = new Date(start);
  const clock = (): Date => now;
  return {
    tokens: new WatchTokens({ secret: SECRET, clock }),
    pass: (seconds: number) => (now = new Date(now.getTime() + seconds * 1000)),
  };
}

describe("a watch token", () => {
  test("tells whose run may be watched, which, and until when", async () => {
    const { tokens } = at("2030-01-01T00:00:00Z");
    const { token, expiresAt } = await tokens.create(RUN, 60);
    expect(expiresAt).toEqual(new Date("2030-01-01T00:01:00Z"));
    expect(tokens.isOne(token)).toBe(true);
    expect(await tokens.read(token)).toEqual({
      owner: RUN.viewer,
      viewer: { id: "ann", tenant: "a" },
      watches: "r",
      expiresAt,
    });
  });

  test("may be of a run that is nobody's", async () => {
    const tokens = new WatchTokens();
    const { token } = await tokens.create({ id: "r", viewer: null });
    expect(await tokens.read(token)).toMatchObject({ owner: null, viewer: null, watches: "r" });
  });

  test("is good for 15 minutes unless another time is asked for, and then no more", async () => {
    const { tokens, pass } = at("2030-01-01T00:00:00Z");
    const { token } = await tokens.create(RUN);
    pass(15 * 60 - 1);
    await tokens.read(token);
    pass(1);
    await expect(tokens.read(token)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining("expired") as string,
    });
  });

  test.each([0, -1, 1.5, Number.NaN, 86_401, Infinity])("is not made for %d s", async (seconds) => {
    await expect(new WatchTokens().create(RUN, seconds)).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      problems: [{ path: ["ttlSeconds"] }],
    });
  });

  test.each([1, 86_400])("is made for %d s", async (seconds) => {
    await new WatchTokens().create(RUN, seconds);
  });

  test("is read by other processes that have the secret, and by no others", async () => {
    const { token } = await new WatchTokens({ secret: SECRET }).create(RUN);
    const secret = new TextEncoder().encode(SECRET);
    expect(await new WatchTokens({ secret }).read(token)).toMatchObject({ watches: "r" });
    await expect(new WatchTokens().read(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("is good for nothing once any part of it is changed", async () => {
    const tokens = new WatchTokens({ secret: SECRET });
    const { token } = await tokens.create(RUN);
    const [header = "", payload = "", signature = ""] = token.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
    const others = [
      { ...claims, run: "other" },
      { ...claims, owner: "bob" },
      { ...claims, exp: 4_000_000_000 },
    ].map((other) => Buffer.from(JSON.stringify(other)).toString("base64url"));
    const flipped = signature.startsWith("A") ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
    for (const forged of [
      ...others.map((other) => [header, other, signature].join(".")),
      [header, payload, flipped].join("."),
      [header, payload, ""].join("."),
      "",
      "no token",
    ]) {
      await expect(tokens.read(forged)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });

  test("is no other token by the same secret, and none without a signature", async () => {
    const tokens = new WatchTokens({ secret: SECRET });
    const key = new TextEncoder().encode(SECRET);
    const claims = { run: "r", owner: null };
    const session = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256" })
      .setAudience("langgraph-graphql/watch")
      .setExpirationTime("1h")
      .sign(key);
    const elsewhere = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", typ: "langgraph-graphql-watch+jwt" })
      .setAudience("elsewhere")
      .setExpirationTime("1h")
      .sign(key);
    const endless = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", typ: "langgraph-graphql-watch+jwt" })
      .setAudience("langgraph-graphql/watch")
      .sign(key);
    const unsigned = new UnsecuredJWT(claims)
      .setAudience("langgraph-graphql/watch")
      .setExpirationTime("1h")
      .encode();
    expect(tokens.isOne(session)).toBe(false);
    for (const token of [session, elsewhere, endless, unsigned]) {
      await expect(tokens.read(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });
});

test.each(["", "too short", new Uint8Array(31)])(
  "a secret of fewer than 32 bytes is refused",
  (secret) => {
    expect(() => new WatchTokens({ secret })).toThrow(expect.objectContaining({ code: "CONFIG" }));
  },
);
