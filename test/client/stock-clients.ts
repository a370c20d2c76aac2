import { ApolloClient, gql, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { Client as UrqlClient, subscriptionExchange } from "@urql/core";
import type { Client, SubscribePayload } from "graphql-ws";
import type { EventFields, Result } from "../support/result.ts";

/** Takes all events of a subscription, one by one; resolves when it is complete. */
export type Follow = (
  client: Client,
  operation: SubscribePayload,
  onEvent: (event: EventFields) => void,
) => Promise<void>;

/** What people have on top of graphql-ws. */
export const STOCK_CLIENTS: Readonly<Record<string, Follow>> = {
  "graphql-ws with subscribe": (client, operation, onEvent) =>
    new Promise((resolve, reject) => {
      client.subscribe(operation, {
        next: ({ data }) => onEvent(only(data)),
        error: reject,
        complete: resolve,
      });
    }),

  "graphql-ws with iterate": async (client, operation, onEvent) => {
    for await (const { data } of client.iterate(operation)) onEvent(only(data));
  },

  "Apollo Client": (client, { query, variables }, onEvent) => {
    const apollo = new ApolloClient({
      link: new GraphQLWsLink(client),
      cache: new InMemoryCache(),
    });
    return new Promise((resolve, reject) => {
      apollo
        .subscribe({ query: gql(query), variables: variables ?? {}, fetchPolicy: "no-cache" })
        .subscribe({
          next: ({ data, error }) => (error ? reject(error) : onEvent(only(data))),
          error: reject,
          complete: resolve,
        });
    });
  },

  urql: (client, { query, variables }, onEvent) => {
    const exchange = subscriptionExchange({
      forwardSubscription: ({ query: text = "", variables: values }) => ({
        subscribe: (sink) => ({
          unsubscribe: client.subscribe(
            { query: text, variables: values as Record<string, unknown> },
            sink as never,
          ),
        }),
      }),
    });
    const urql = new UrqlClient({ url: "unused", exchanges: [exchange], preferGetMethod: false });
    return new Promise((resolve, reject) => {
      urql.subscription(query, { ...variables }).subscribe(({ data, error, hasNext }) => {
        if (error) reject(error);
        else if (!hasNext) resolve();
        else onEvent(only(data));
      });
    });
  },
};

function only(data: unknown): EventFields {
  const [event] = Object.values((data ?? {}) as NonNullable<Result["data"]>);
  if (!event) throw new Error("A result without an event");
  return event;
}
