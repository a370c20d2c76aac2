import type { RecentRunsQuery } from "../gql/graphql.ts";
import { StatusBadge } from "./badges.tsx";

type RecentRun = NonNullable<RecentRunsQuery["runs"]>["nodes"][number];

/** Runs that there are already: any of them can be watched, from its first event on. */
export function RecentRuns(props: {
  readonly runs: readonly RecentRun[];
  readonly onChosen: (runId: string, title: string) => void;
}) {
  if (props.runs.length === 0) return null;
  return (
    <section className="card" aria-labelledby="recent">
      <h2 id="recent">Recent runs</h2>
      <ul className="rows">
        {props.runs.map(({ id, status, createdAt, workflow }) => {
          const name = workflow?.name ?? "run";
          const title = name[0]?.toUpperCase() + name.slice(1);
          return (
            <li key={id}>
              <button className="row" onClick={() => props.onChosen(id, title)}>
                <span>{title}</span>
                <time className="muted" dateTime={createdAt}>
                  {new Date(createdAt).toLocaleTimeString()}
                </time>
                <StatusBadge status={status} />
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
