import type { Client } from "graphql-ws";
import type { AnyEvent, ConnectionState, RunView } from "./run-view.ts";

/** A graphql-ws close code: it was closed because nobody needs it. */
const NORMAL_CLOSURE = 1000;

/**
 * The view with what became of its subscription: `ended` when it is complete, `failed` with what it
 * failed with. What becomes of the connection once the run has ended, or the subscription has failed,
 * is no longer news: other subscriptions share it, and clients such as Apollo's tell that one that
 * has failed is complete as well. The next event brings a view back to life.
 */
export function withConnection<Event extends AnyEvent>(
  view: RunView<Event>,
  connection: ConnectionState,
  error: RunView["error"] = null,
): RunView<Event> {
  const isOver = view.connection === "ended" || (view.isFinished && connection !== "ended");
  const hasFailed = view.connection === "failed" && connection !== "failed";
  if (isOver || hasFailed || (connection === view.connection && error === null)) return view;
  return { ...view, connection, error: error ?? view.error };
}

/**
 * Tells what becomes of a graphql-ws client's connection, for `withConnection`. Returns how to stop.
 */
export function watchConnection(
  client: Pick<Client, "on">,
  onChange: (connection: "connecting" | "live" | "reconnecting") => void,
): () => void {
  const stops = [
    client.on("connecting", (isRetry) => onChange(isRetry ? "reconnecting" : "connecting")),
    client.on("connected", () => onChange("live")),
    client.on("closed", (event) => {
      if ((event as { readonly code?: number }).code !== NORMAL_CLOSURE) onChange("reconnecting");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
