import type { RunResult } from "./run.ts";

/** What came of the run, each workflow in its own way. */
export function Result({ result }: { readonly result: RunResult }) {
  return (
    <section className="card result" aria-labelledby="result">
      <h2 id="result">Result</h2>
      {result.report && (
        <ul className="chips">
          {result.report.results.map((item, position) => (
            <li key={position}>{item}</li>
          ))}
        </ul>
      )}
      {result.research && (
        <p>
          {result.research.summary}{" "}
          <span className="muted">({result.research.sources.length} sources)</span>
        </p>
      )}
      {result.approval && (
        <>
          <p>
            <strong>{result.approval.approved ? "Approved" : "Turned down"}</strong>
            {result.approval.comment !== null && `: ${result.approval.comment}`}
          </p>
          <p className="muted">{result.approval.draft}</p>
        </>
      )}
    </section>
  );
}
