import type { GraphiQLProps } from "graphiql";
import { OperationTypeNode, getOperationAST, parse } from "graphql";
import { subscribe } from "./subscription.ts";
import type { SubscriptionObserver } from "./subscription.ts";

type Fetcher = GraphiQLProps["fetcher"];
type FetcherParams = Parameters<Fetcher>[0];

/** How GraphiQL reaches the API at `url`: HTTP POST, and a WebSocket for subscriptions. */
export function createFetcher(url: URL): Fetcher {
  return (params, options) => {
    const headers: Record<string, string> = options?.headers ?? {};
    if (!isSubscription(params)) return post(url, params, headers);
    const variables: Record<string, unknown> | undefined = params.variables;
    const operation = {
      url: url.href.replace(/^http/, "ws"),
      query: params.query,
      variables,
      operationName: params.operationName ?? undefined,
      connectionParams: headers,
    };
    const observable = {
      subscribe: (observer: SubscriptionObserver) => ({
        unsubscribe: subscribe(operation, observer),
      }),
    };
    // GraphiQL's type also asks for the overloads of RxJS, which it never calls.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return observable as unknown as ReturnType<Fetcher>;
  };
}

function isSubscription({ query, operationName }: FetcherParams): boolean {
  try {
    const operation = getOperationAST(parse(query), operationName);
    return operation?.operation === OperationTypeNode.SUBSCRIPTION;
  } catch {
    return false; // a syntax error: the server's answer explains it
  }
}

async function post(url: URL, params: FetcherParams, headers: Record<string, string>) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json, application/json;q=0.9",
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify(params),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    // Not GraphQL: a proxy's error page, say.
    throw new Error(`${response.status} ${response.statusText}: ${text}`.slice(0, 2_000));
  }
}
