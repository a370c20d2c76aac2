import { createContext, useContext } from "react";
import { Client, fetchExchange, subscriptionExchange } from "urql";
import {
  overServerSentEvents,
  overWebSocket,
  type Connection,
  type Transport,
} from "./connections.ts";

const url = new URL("/graphql", location.href);

export interface RunsClient {
  readonly client: Client;
  readonly connection: Connection;
}

/** A client for each transport; queries and mutations go by `fetch` with both. */
export const CLIENTS: Readonly<Record<Transport, RunsClient>> = {
  websocket: clientOf(overWebSocket(url)),
  sse: clientOf(overServerSentEvents(url)),
};

function clientOf(connection: Connection): RunsClient {
  const exchanges = [
    fetchExchange,
    subscriptionExchange({ forwardSubscription: connection.forward }),
  ];
  return {
    client: new Client({ url: url.href, exchanges, preferGetMethod: false }),
    connection,
  };
}

export const ConnectionContext = createContext<Connection>(CLIENTS.websocket.connection);

export function useConnection(): Connection {
  return useContext(ConnectionContext);
}
