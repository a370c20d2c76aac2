import type { Client } from "graphql-ws";
import type { TypedDocumentString } from "./gql/graphql.js";

/** The results of a typed document, typed; it is sent as it is. */
export function subscribe<Result, Variables extends Record<string, unknown>>(
  client: Client,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): AsyncIterable<Result> {
  return results(client.iterate<Result>({ query: document.toString(), variables }));
}

/** The same for a server that knows the document: only its id is sent. */
export function subscribeById<Result, Variables extends Record<string, unknown>>(
  client: Client,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): AsyncIterable<Result> {
  const persistedQuery = { version: 1, sha256Hash: document.__meta__?.["hash"] };
  return results(client.iterate<Result>({ query: "", variables, extensions: { persistedQuery } }));
}

async function* results<Result>(
  iterator: ReturnType<Client["iterate"]>,
): AsyncGenerator<Result, void> {
  for await (const { data, errors } of iterator) {
    if (errors) throw new Error(errors[0]?.message);
    if (data) yield data as Result;
  }
}
