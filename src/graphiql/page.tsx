import { GraphiQL } from "graphiql";
import type { GraphiQLProps } from "graphiql";
import type { ExampleTab } from "./config.ts";
import { FollowTail } from "./follow-tail.tsx";
// Not `graphiql/style.css`, which carries Monaco's styles a second time and 360 kB of fonts.
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./page.css";

export interface PageProps {
  readonly fetcher: GraphiQLProps["fetcher"];
  /** Shown to a browser that has no tabs of its own yet. */
  readonly tabs: readonly ExampleTab[];
}

const isFirstVisit = localStorage.getItem("graphiql:tabState") === null;

/** GraphiQL with example tabs, our name, and a response pane that follows a subscription. */
export function Page({ fetcher, tabs }: PageProps) {
  const [first] = tabs;
  return (
    <GraphiQL
      fetcher={fetcher}
      {...(first && { defaultTabs: tabs.map(toGraphiqlTab) })}
      // GraphiQL leaves out the variables of the default tab that it opens with. With stored tabs
      // this prop would open one tab more.
      {...(isFirstVisit && first?.variables && { initialVariables: first.variables })}
    >
      <GraphiQL.Logo>
        <span className="wordmark">langgraph-graphql</span>
      </GraphiQL.Logo>
      <FollowTail />
    </GraphiQL>
  );
}

/** GraphiQL titles a tab by its operation's name, so ours stands above the query as a comment. */
function toGraphiqlTab({ title, query, variables }: ExampleTab) {
  const isTitled = title === "" || query.trimStart().startsWith("#");
  const comment = `# ${title.replaceAll(/\s+/g, " ")}\n`;
  return { query: isTitled ? query : comment + query, variables: variables ?? null };
}
