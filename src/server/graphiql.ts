import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** An example that the page opens with. */
export interface GraphiqlTab {
  /** Stands above the query as a comment; the tab itself carries the operation's name. */
  readonly title: string;
  readonly query: string;
  /** JSON. */
  readonly variables?: string | undefined;
}

export interface GraphiqlOptions {
  /** Path of the API, where the page stands too: `/graphql`. */
  readonly endpoint: string;
  /** The page's title. */
  readonly title: string;
  /** Shown to a browser that has no tabs of its own yet. */
  readonly tabs: readonly GraphiqlTab[];
  /** Where the built page is. @default `dist/graphiql` of this package */
  readonly directory?: URL | undefined;
}

/** Answers requests for the GraphiQL page and its assets; `undefined` for any other request. */
export type GraphiqlHandler = (request: Request) => Promise<Response | undefined>;

/**
 * Serves GraphiQL at the API's own path to browsers, which ask for `text/html`, and its scripts
 * and styles under `<endpoint>/assets/`. The page asks no other host for anything.
 */
export function createGraphiql(options: GraphiqlOptions): GraphiqlHandler {
  const { directory = builtPage() } = options;
  const endpoint = options.endpoint.replace(/\/$/, "");
  const assets = `${endpoint}/assets/`;
  const files = new Map<string, Promise<ServedFile>>();

  const file = (path: string): Promise<ServedFile> => {
    let known = files.get(path);
    if (!known) {
      known = load(new URL(path, directory), (html) => withConfig(html, options));
      files.set(path, known);
      // The page may be built while the server runs: only what was found is remembered.
      known.catch(() => files.delete(path));
    }
    return known;
  };

  return async (request) => {
    if (request.method !== "GET") return undefined;
    const { pathname } = new URL(request.url);
    if (pathname.startsWith(assets)) {
      const name = pathname.slice(assets.length);
      if (!ASSET_NAME.test(name)) return plainText(404, "Not found");
      const asset = await found(file(`assets/${name}`));
      return asset ? respond(request, asset, ASSET_HEADERS) : plainText(404, "Not found");
    }
    if (pathname !== (endpoint || "/")) return undefined;
    if (!request.headers.get("accept")?.includes("text/html")) return undefined;
    const page = await found(file("index.html"));
    return page
      ? respond(request, page, PAGE_HEADERS)
      : plainText(503, "The GraphiQL page is not built: run npm run build");
  };
}

/** This file is compiled to `dist/server`, beside the page; the tests run it from `src/server`. */
function builtPage(): URL {
  const path = import.meta.url.endsWith(".ts") ? "../../dist/graphiql/" : "../graphiql/";
  return new URL(path, import.meta.url);
}

/** One file name, as Vite writes them: no slash, encoded or not, and no leading dot. */
const ASSET_NAME = /^\w[\w.-]*$/;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
};

const ASSET_HEADERS: Readonly<Record<string, string>> = {
  // The names carry a hash of the content.
  "cache-control": "public, max-age=31536000, immutable",
  // A worker goes by the policy of its own script.
  "content-security-policy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'",
  vary: "accept-encoding",
};

const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-cache",
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "connect-src 'self'",
    // Monaco writes style elements and style attributes.
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self'",
    // The page's icon and Monaco's squiggles are data.
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  // One address, two answers: the page and the API.
  vary: "accept, accept-encoding",
};

interface ServedFile {
  readonly contentType: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

async function load(address: URL, edit: (html: string) => string): Promise<ServedFile> {
  const extension = extname(address.pathname);
  const read = await readFile(address);
  const plain = extension === ".html" ? new TextEncoder().encode(edit(read.toString())) : read;
  return {
    contentType: CONTENT_TYPES[extension] ?? "application/octet-stream",
    plain,
    gzipped: await promisify(gzip)(plain),
  };
}

/** `undefined` for a file that is not there, whatever the reason. */
async function found(file: Promise<ServedFile>): Promise<ServedFile | undefined> {
  return file.catch(() => undefined);
}

function withConfig(html: string, options: GraphiqlOptions): string {
  const { title, endpoint, tabs } = options;
  // Inside a script element only `<` can end the data, and JSON has another spelling for it.
  const config = JSON.stringify({ title, endpoint, tabs }).replaceAll("<", "\\u003c");
  // Relative to the page's own address, so that a proxy may put a prefix before the endpoint.
  const page = endpoint.split("/").findLast((part) => part !== "");
  const assets = page ? `${page}/assets/` : "assets/";
  return html
    .replaceAll('"./assets/', () => `"./${assets}`)
    .replace("__GRAPHIQL_CONFIG__", () => config);
}

function respond(
  request: Request,
  { contentType, plain, gzipped }: ServedFile,
  headers: Readonly<Record<string, string>>,
): Response {
  const typed = { ...headers, "content-type": contentType };
  if (!acceptsGzip(request)) return new Response(plain, { headers: typed });
  return new Response(gzipped, { headers: { ...typed, "content-encoding": "gzip" } });
}

function acceptsGzip(request: Request): boolean {
  const accepted = request.headers.get("accept-encoding") ?? "";
  return /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(accepted);
}

function plainText(status: number, message: string): Response {
  return new Response(`${message}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}
