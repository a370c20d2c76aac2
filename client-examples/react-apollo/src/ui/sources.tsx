import type { Citation } from "./run.ts";

/** What the run cites: events that the workflow declares, each with a type of its own. */
export function Sources({ citations }: { readonly citations: readonly Citation[] }) {
  return (
    <section className="card" aria-labelledby="sources">
      <h2 id="sources">
        Sources <span className="muted">{citations.length}</span>
      </h2>
      <ul className="sources">
        {citations.map(({ seq, title, url, kind, relevance, passage }) => (
          <li key={seq}>
            <a href={url}>{title}</a>
            <span className="kind">{kind === "BOOK" ? "Book" : "Article"}</span>
            <span className="muted">
              p. {passage.page} · {Math.round(relevance * 100)}% relevant
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
