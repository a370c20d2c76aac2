/** What a scrape says: a metric with its labels, as Prometheus writes it, → its value. */
export type Scrape = Readonly<Record<string, number>>;

/** Scrapes the server that GraphQL is at. */
export async function scrape(url: string): Promise<Scrape> {
  const response = await fetch(new URL("/metrics", url));
  if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
  return parseScrape(await response.text());
}

/** Without the prefix that all names have. */
export function parseScrape(text: string): Scrape {
  const values = text.matchAll(/^langgraph_graphql_(\w+(?:\{.*\})?) (\S+)$/gm);
  return Object.fromEntries(Array.from(values, ([, name = "", value]) => [name, Number(value)]));
}
