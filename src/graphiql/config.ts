/** What the server tells the page; `createGraphiql` in `src/server/graphiql.ts` writes it. */
export interface PageConfig {
  readonly title: string;
  /** Path of the API on this host. */
  readonly endpoint: string;
  readonly tabs: readonly ExampleTab[];
}

export interface ExampleTab {
  readonly title: string;
  readonly query: string;
  /** JSON. */
  readonly variables?: string;
}

export function readConfig(): PageConfig {
  const element = document.getElementById("graphiql-config");
  const config: PageConfig = JSON.parse(element?.textContent ?? "");
  return config;
}

/**
 * Address of the API. A proxy may serve it under a prefix that the server knows nothing of; the
 * page's own address has that prefix, since the page stands at the same path as the API.
 */
export function apiUrl(endpoint: string, page: URL): URL {
  const path = page.pathname.endsWith(endpoint) ? page.pathname : endpoint;
  return new URL(path, page);
}
