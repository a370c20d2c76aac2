import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readResults, postEvents } from "../support/http.ts";
import { startService } from "../support/service.ts";
import { EVERYTHING, freeGraph } from "../support/stepped.ts";

const DASHBOARD = fileURLToPath(
  new URL("../../dashboards/langgraph-graphql.json", import.meta.url),
);

/** A metric in an expression: a name that no parenthesis follows. */
const METRIC = /\blanggraph_graphql_\w+/g;

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly query: unknown }[] };
}

test("every expression of the Grafana dashboard is of metrics that there are, and shows each", async () => {
  const service = await startService({ workflows: { free: freeGraph } });
  const query = `subscription { runWorkflow(input: { free: { count: 1 } }) { ${EVERYTHING} } }`;
  await readResults(await postEvents(service.url, { query }));
  const text = await (await fetch(new URL("/metrics", service.url))).text();
  await service[Symbol.asyncDispose]();
  const declared = new Set(text.match(/(?<=^# TYPE )\w+/gm));

  const { panels, templating } = JSON.parse(await readFile(DASHBOARD, "utf8")) as Dashboard;
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  expect(expressions.length).toBeGreaterThan(20);
  for (const expression of [...expressions, JSON.stringify(templating)]) {
    const used = expression.match(METRIC) ?? [];
    expect(used).not.toEqual([]);
    for (const name of used) {
      const isKnown = declared.has(name) || declared.has(name.replace(/_(bucket|sum|count)$/, ""));
      expect([name, isKnown]).toEqual([name, true]);
    }
  }
  // And the other way around: what is counted is shown.
  const shown = new Set(expressions.flatMap((expression) => expression.match(METRIC) ?? []));
  const own = [...declared].filter((name) => !/_(process|nodejs)_/.test(name));
  expect(own.filter((name) => !shown.has(name) && !shown.has(`${name}_bucket`))).toEqual([]);
});
