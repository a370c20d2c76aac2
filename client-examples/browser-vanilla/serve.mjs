import { readFile, realpath } from "node:fs/promises";
import { createServer, request } from "node:http";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const API_URL = process.env.API_URL ?? "http://localhost:4000/graphql";

/** What the pages import, from where npm put it: an import map in each page knows the addresses. */
const FOLDERS = {
  "/pages/": new URL("pages/", import.meta.url),
  "/graphql-ws/": new URL("node_modules/graphql-ws/dist/", import.meta.url),
  "/langgraph-graphql/": new URL("node_modules/langgraph-graphql/dist/client/", import.meta.url),
};

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/**
 * Serves the pages, and the API beside them at `/graphql`, so that to the browser they are one site;
 * `langgraph-graphql serve --origin http://localhost:5180` lets them in without that.
 */
export async function serve(port) {
  const server = createServer((incoming, answer) => {
    const { pathname } = new URL(incoming.url, "http://localhost");
    if (pathname === "/graphql") forward(incoming, answer);
    else if (pathname === "/")
      answer.writeHead(302, { location: "/pages/event-source.html" }).end();
    else void sendFile(pathname, answer);
  });
  server.on("upgrade", tunnel);
  await new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "localhost", resolve);
  });
  return server;
}

async function sendFile(pathname, answer) {
  try {
    const file = await fileOf(pathname);
    const type = TYPES[extname(file.pathname)] ?? "application/octet-stream";
    answer.writeHead(200, { "content-type": type }).end(await readFile(file));
  } catch {
    answer.writeHead(404).end("Not found");
  }
}

/** The file of an address; throws for one outside of the folders. */
async function fileOf(pathname) {
  const [prefix, folder] = Object.entries(FOLDERS).find(([start]) => pathname.startsWith(start));
  const file = new URL(`./${pathname.slice(prefix.length)}`, folder);
  if (!file.href.startsWith(folder.href)) throw new Error("Outside");
  return pathToFileURL(await realpath(fileURLToPath(file)));
}

function forward(incoming, answer) {
  const outgoing = request(apiAddress(incoming), (response) => {
    answer.writeHead(response.statusCode, response.headers);
    // As they come: the first bytes open an EventSource.
    answer.flushHeaders();
    response.pipe(answer);
    response.on("error", () => answer.destroy());
  });
  outgoing.on("error", () => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end()));
  answer.on("close", () => outgoing.destroy());
  incoming.pipe(outgoing);
}

/** A WebSocket: bytes both ways, once the API has said yes. */
function tunnel(incoming, socket, head) {
  socket.on("error", () => {});
  const outgoing = request(apiAddress(incoming));
  outgoing.on("error", () => socket.destroy());
  outgoing.on("response", () => socket.destroy());
  outgoing.on("upgrade", (response, upstream, first) => {
    const lines = Object.entries(response.headers).map(
      ([name, value]) => `${name}: ${String(value)}`,
    );
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
    upstream.on("error", () => socket.destroy());
    socket.on("close", () => upstream.destroy());
    upstream.on("close", () => socket.destroy());
    socket.write(first);
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  });
  outgoing.end();
}

/** The headers go as they are: the API compares `Host` with `Origin`. */
function apiAddress({ url, method, headers }) {
  const { hostname, port, pathname } = new URL(API_URL);
  return { hostname, port, method, headers, path: pathname + new URL(url, API_URL).search };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve(Number(process.env.PORT ?? 5180));
  const address = `http://localhost:${server.address().port}/pages`;
  console.log(`EventSource  ${address}/event-source.html\ngraphql-ws   ${address}/graphql-ws.html`);
}
