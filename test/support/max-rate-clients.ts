import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { subscribeByFetch } from "../../src/client/index.ts";
import { postEvents, readFrames, type Operation } from "./http.ts";
import type { Result } from "./result.ts";
import type { RunningService } from "./service.ts";
import { connect, watch } from "./web-socket.ts";

/** Adds the results of a subscription as they come; resolves at its end. */
export type Follow = (
  service: RunningService,
  operation: Operation,
  results: Result[],
) => Promise<void>;

/** What people follow runs with. */
export const CLIENTS: Readonly<Record<string, Follow>> = {
  "graphql-ws": async ({ wsUrl }, operation, results) => {
    const client = connect(wsUrl);
    for await (const result of watch(client, operation)) results.push(result);
    await client.dispose();
  },

  "an event stream": async ({ url }, operation, results) => {
    for await (const { event, data } of readFrames(await postEvents(url, operation))) {
      if (event === "next" && data !== undefined) results.push(JSON.parse(data) as Result);
    }
  },

  "Apollo Client's HttpLink": async ({ url }, { query, variables }, results) => {
    const apollo = new ApolloClient({
      link: new HttpLink({ uri: url }),
      cache: new InMemoryCache(),
    });
    await new Promise<void>((resolve, reject) => {
      apollo
        .subscribe({ query: gql(query), variables: variables ?? {}, fetchPolicy: "no-cache" })
        .subscribe({
          next: ({ data, error, extensions }) =>
            error ? reject(error) : results.push({ data, extensions } as Result),
          error: reject,
          complete: resolve,
        });
    });
    apollo.stop();
  },

  subscribeByFetch: async ({ url }, operation, results) => {
    for await (const result of subscribeByFetch({ url, ...operation })) {
      results.push(result as Result);
    }
  },
};
