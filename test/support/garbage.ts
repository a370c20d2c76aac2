import type { Random } from "../runs/ingest/random.ts";

const LEAVES: readonly [string, ...string[]] = [
  "null",
  "true",
  "0",
  "-1",
  "1e400",
  "9007199254740993",
  '""',
  "{}",
  "[]",
  '{"lc":1,"type":"constructor","id":["x"],"kwargs":{}}',
  '{"__proto__":{"admin":true}}',
  '{"constructor":{"prototype":{}}}',
  '{"toString":null,"valueOf":1,"toJSON":"a","then":{}}',
];

const KEYS: readonly [string, ...string[]] = [
  "a",
  "query",
  "variables",
  "extensions",
  "operationName",
  "input",
  "report",
  "items",
  "runId",
  "resume",
  "cursor",
  "lc",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "then",
  "",
];

const NASTY_TEXTS: readonly [string, ...string[]] = [
  "",
  "\0",
  "\ud800",
  "\u2028\r\n\r\n",
  "__proto__",
  "constructor",
  "../../etc/passwd",
  "' OR 1 = 1 --",
  "%s%n%00",
  "x".repeat(5_000),
];

const TOKENS: readonly [string, ...string[]] = [
  "...",
  ..."{}()[]:!$@=|&".split(""),
  '"""',
  '"',
  "#",
  "\ufeff",
  "null",
  "on",
  "query",
  "mutation",
  "subscription",
  "fragment",
  "__typename",
  "__schema",
  "__proto__",
  "@skip(if: true)",
  "@include(if: $runId)",
  "99999999999999999999",
  "1e999",
];

const MESSAGE_TYPES: readonly [string, ...string[]] = [
  "connection_init",
  "connection_ack",
  "ping",
  "pong",
  "next",
  "error",
  "complete",
  "complete",
  "start",
  "__proto__",
];

const METHODS: readonly [string, ...string[]] = ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

const CONTENT_TYPES: readonly [string, ...string[]] = [
  "application/json",
  "application/json",
  "application/json",
  "application/json; charset=utf-7",
  "application/graphql",
  "application/graphql+json",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=a",
  "text/plain",
  ";",
];

const ACCEPTS: readonly [string, ...string[]] = [
  "application/json",
  "application/graphql-response+json",
  "text/event-stream",
  "text/event-stream",
  "multipart/mixed;subscriptionSpec=1.0",
  "multipart/mixed",
  "text/html",
  "*/*;q=nothing",
  "",
];

const HEADERS: readonly [string, ...string[]] = [
  "origin",
  "referer",
  "sec-fetch-site",
  "last-event-id",
  "authorization",
  "cookie",
  "traceparent",
  "x-forwarded-host",
  "accept-language",
  "accept-encoding",
  "content-encoding",
  "if-none-match",
  "range",
  "__proto__",
];

/** What a client may send that is not quite what it should be. All of it comes from `random` alone. */
export class Garbage {
  readonly #random: Random;
  readonly #documents: readonly [string, ...string[]];
  readonly #runId: string;

  /** Documents to spoil; what they name by `$runId` is `runId`, now and then. */
  constructor(random: Random, documents: readonly [string, ...string[]], runId: string) {
    this.#random = random;
    this.#documents = documents;
    this.#runId = runId;
  }

  bytes(max: number): Buffer {
    return Buffer.from(Array.from({ length: this.#random.int(max) }, () => this.#random.int(256)));
  }

  /** Anything that JSON has a word for, with a taste for what has a meaning somewhere. */
  json(depth = 0): string {
    const { int, pick } = this.#random;
    const many = (): readonly unknown[] => Array.from({ length: int(4) });
    switch (int(depth > 4 ? 2 : 5)) {
      case 0:
        return pick(LEAVES);
      case 1:
        return JSON.stringify(this.text(12));
      case 2:
        return `[${many()
          .map(() => this.json(depth + 1))
          .join(",")}]`;
      case 3:
        return `{${many()
          .map(() => `${JSON.stringify(pick(KEYS))}:${this.json(depth + 1)}`)
          .join(",")}}`;
      default: {
        const levels = int(200);
        return `${'{"a":'.repeat(levels)}[]${"}".repeat(levels)}`;
      }
    }
  }

  text(max: number): string {
    return this.#random.chance(0.5)
      ? this.bytes(max).toString("utf8")
      : this.#random.pick(NASTY_TEXTS);
  }

  /** A document in which some tokens are missing, doubled, in another place, or others. */
  document(): string {
    const { int, pick, chance } = this.#random;
    const tokens = pick(this.#documents).split(/(\W)/).filter(Boolean);
    for (let faults = int(4); faults > 0; faults--) {
      const at = int(tokens.length);
      const how = int(4);
      if (how === 0) tokens.splice(at, 1);
      else if (how === 1) tokens.splice(at, 0, tokens[at] ?? "");
      else if (how === 2) tokens.splice(at, 1, pick(TOKENS));
      else tokens.splice(at, 0, ...tokens.slice(int(tokens.length), at).slice(0, 50));
    }
    const document = tokens.join("");
    return chance(0.05) ? document.repeat(int(40)) : document;
  }

  /** The parameters of an operation, as JSON. */
  operation(): string {
    const { pick, chance } = this.#random;
    const variables = chance(0.5)
      ? `{"runId":"${chance(0.5) ? this.#runId : "none"}","input":{"report":{"items":["a"]}},"after":${this.json(4)}}`
      : this.json();
    const fields = [
      `"query":${chance(0.9) ? JSON.stringify(this.document()) : this.json()}`,
      ...(chance(0.8) ? [`"variables":${variables}`] : []),
      ...(chance(0.2) ? [`"operationName":${pick(['"A"', "null", this.json()])}`] : []),
      ...(chance(0.3) ? [`"extensions":${this.#extensions()}`] : []),
      ...(chance(0.1) ? [`${JSON.stringify(pick(KEYS))}:${this.json()}`] : []),
    ];
    return this.#spoiled(`{${fields.join(",")}}`);
  }

  #extensions(): string {
    const { pick } = this.#random;
    return pick([
      this.json(),
      `{"resume":${this.json()}}`,
      `{"resume":{"cursor":${pick(['"1"', '"1.1.none"', this.json(4)])}}}`,
      `{"operationId":${this.json()},"persistedQuery":${this.json()}}`,
    ]);
  }

  /** A message on a WebSocket of `graphql-transport-ws`. */
  message(): string | Buffer {
    const { pick, chance, int } = this.#random;
    if (chance(0.1)) return this.bytes(200);
    const id = chance(0.8) ? String(int(3)) : pick(NASTY_TEXTS);
    const type = chance(0.7) ? "subscribe" : pick(MESSAGE_TYPES);
    const payload = chance(0.85) ? this.operation() : this.json();
    return this.#spoiled(
      `{"id":${JSON.stringify(id)},"type":${JSON.stringify(type)},"payload":${payload}}`,
    );
  }

  /** WebSocket frames with wrong flags, kinds, lengths and masks, and what is none. */
  frames(): Buffer {
    const { int, chance } = this.#random;
    return Buffer.concat(
      Array.from({ length: 1 + int(6) }, () => {
        if (chance(0.2)) return this.bytes(64);
        const said = this.message();
        const payload = Buffer.from(said).subarray(0, 65_535);
        const length = chance(0.9) ? payload.length : int(65_536);
        const first = chance(0.6) ? 0x81 : int(256);
        const header =
          length < 126
            ? Buffer.from([first, (chance(0.95) ? 0x80 : 0) | length])
            : Buffer.from([first, 0x80 | 126, length >> 8, length & 0xff]);
        // A mask of zeroes leaves the payload as it is.
        return Buffer.concat([header, Buffer.alloc(4), payload]);
      }),
    );
  }

  /** A whole HTTP/1.1 request: whatever it says, the answer ends with the connection. */
  request(): Buffer {
    const { pick, chance } = this.#random;
    const path = pick([
      "/graphql",
      "/graphql",
      "/graphql",
      "/stream/report",
      "/stream/%00",
      "/stream/__proto__",
      "/",
      "/metrics",
      `/graphql/${escaped(this.text(8))}`,
    ]);
    const isGet = chance(0.3);
    const body = Buffer.from(chance(0.1) ? this.bytes(300) : this.operation());
    const query = isGet ? `?${this.#search()}` : "";
    const headers = [
      "host: localhost",
      "connection: close",
      `content-type: ${pick(CONTENT_TYPES)}`,
      `accept: ${pick(ACCEPTS)}`,
      `content-length: ${isGet ? 0 : body.length}`,
      ...Array.from(
        { length: this.#random.int(4) },
        () => `${pick(HEADERS)}: ${this.#headerText()}`,
      ),
    ];
    const method = isGet ? "GET" : chance(0.9) ? "POST" : pick(METHODS);
    const head = `${method} ${path}${query} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), isGet ? Buffer.alloc(0) : body]);
  }

  /** Something like a request: bytes of it are wrong, or it ends before its end. */
  brokenRequest(): Buffer {
    const { int, chance } = this.#random;
    if (chance(0.2)) return this.bytes(2_000);
    const request = Buffer.from(this.request());
    for (let faults = 1 + int(4); faults > 0; faults--) {
      request[int(Math.min(request.length, 300))] = int(256);
    }
    return chance(0.3) ? request.subarray(0, int(request.length)) : request;
  }

  #search(): string {
    const { pick, chance } = this.#random;
    const parts = [
      `query=${escaped(this.document())}`,
      ...(chance(0.7) ? [`variables=${escaped(this.json())}`] : []),
      ...(chance(0.3) ? [`extensions=${escaped(this.#extensions())}`] : []),
      ...(chance(0.1) ? [pick(["query", "%", "query=%ff", "variables={", "a[]=b"])] : []),
    ];
    // Longer ones are refused by Node itself.
    return parts.join("&").slice(0, 8_000);
  }

  #headerText(): string {
    const text = this.#random.chance(0.5) ? this.json(4) : this.text(30);
    return text.replaceAll(/[^\t\x20-\x7e]/g, "?");
  }

  #spoiled(json: string): string {
    const { chance, int } = this.#random;
    if (chance(0.9)) return json;
    const at = int(json.length);
    return chance(0.5) ? json.slice(0, at) : json.slice(0, at) + this.text(6) + json.slice(at);
  }
}

/** As `encodeURIComponent`, which wants well-formed text. */
function escaped(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString("utf8"));
}
