import type { Client } from "graphql-ws";

/** How long a server may take to answer a ping, in milliseconds. */
const PONG_TIMEOUT_MS = 10_000;

/**
 * Has a graphql-ws client leave sockets that are gone without a word: with `keepAlive` it asks
 * whether the server is there, and would wait for the answer for ever.
 */
export function giveUpLostSockets(client: Pick<Client, "on" | "terminate">): void {
  let socket: { onmessage: unknown } | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  client.on("opened", (opened) => {
    socket = opened as typeof socket;
  });
  client.on("ping", (isReceived) => {
    if (!isReceived) silence = setTimeout(() => client.terminate(), PONG_TIMEOUT_MS);
  });
  client.on("message", () => clearTimeout(silence));
  client.on("closed", () => {
    clearTimeout(silence);
    // One that is left may still deliver what was on its way, when the next one is open already: an
    // event from here would be ahead of those that come there.
    if (socket) socket.onmessage = null;
  });
}
