// Its own file: it is public, and Yoga's types, which need a lenient compiler, are not.

/**
 * Documents that clients name instead of sending them, by an id in
 * `extensions.persistedQuery.sha256Hash`, as Apollo's and urql's persisted queries do. `query` may be
 * empty, or left out over HTTP; what stands there of a known id is not looked at.
 */
export interface TrustedDocuments {
  /**
   * The documents by id, such as the `persisted-documents.json` that GraphQL Code Generator's client
   * preset writes, or what finds one. What it throws is an `INTERNAL` error of that operation.
   */
  readonly documents:
    | Readonly<Record<string, string>>
    | ((id: string) => string | null | undefined | Promise<string | null | undefined>);
  /**
   * Whether nothing else is executed, GraphiQL's queries and introspection included. `POST /stream`
   * goes on: its document is the service's own.
   * @default true
   */
  readonly only?: boolean | undefined;
}
