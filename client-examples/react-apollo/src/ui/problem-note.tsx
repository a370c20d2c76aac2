import type { Problem } from "./problem.ts";

/** What one can do about it; other errors say all there is to say. */
const ADVICE: Readonly<Partial<Record<string, string>>> = {
  NETWORK: "Try again: what was asked for already is not done twice.",
  NOT_FOUND: "It may have been deleted, or belong to somebody else. Start another.",
  CURSOR_EXPIRED: "Events in between are no longer kept. Load the page again to see what is.",
  INTERRUPT_NOT_PENDING: "Somebody else was faster, or the run has ended.",
};

/** Says what went wrong; told at once to those who listen to the page. */
export function ProblemNote({ problem }: { readonly problem: Problem }) {
  const { code, message, problems = [] } = problem;
  return (
    <div className="note note-problem" role="alert">
      <p>
        <code className="code">{code}</code> {message}
      </p>
      {problems.length > 0 && (
        <ul>
          {problems.map(({ path, message: what }) => (
            <li key={path.join(".")}>
              <code>{path.join(".")}</code>: {what}
            </li>
          ))}
        </ul>
      )}
      {ADVICE[code] !== undefined && <p className="muted">{ADVICE[code]}</p>}
    </div>
  );
}
