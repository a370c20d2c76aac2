import { AnswerForm } from "./answer-form.tsx";
import { ConnectionBadge, StatusBadge } from "./badges.tsx";
import { ProblemNote } from "./problem-note.tsx";
import type { Problem } from "./problem.ts";
import { Result } from "./result.tsx";
import { barsOf, type Run } from "./run.ts";
import { Sources } from "./sources.tsx";
import { TaskList } from "./task-list.tsx";

export interface RunPageProps {
  readonly title: string;
  readonly runId: string;
  readonly run: Run;
  /** Whether something that was asked for is on its way. */
  readonly isBusy: boolean;
  readonly problem: Problem | null;
  readonly onCancel: () => void;
  readonly onAnswer: (interruptId: string, value: unknown) => void;
  readonly onLeave: () => void;
}

/** All that there is to see of a run. */
export function RunPage(props: RunPageProps) {
  const { title, runId, run, isBusy, problem, onCancel, onAnswer, onLeave } = props;
  const isOver = run.isFinished || run.connection === "failed";
  const error = problem ?? run.error;
  return (
    <>
      <div className="run-head">
        <div>
          <h1>{title}</h1>
          <div className="badges" role="status">
            <StatusBadge status={run.status} />
            <ConnectionBadge connection={run.isFinished ? "ended" : run.connection} />
          </div>
        </div>
        {isOver ? (
          <button className="button primary" onClick={onLeave}>
            New run
          </button>
        ) : (
          <button className="button" onClick={onCancel} disabled={isBusy}>
            Cancel run
          </button>
        )}
      </div>
      {error && <ProblemNote problem={error} />}
      {run.interrupts.map((interrupt) => (
        <AnswerForm
          key={interrupt.id}
          interrupt={interrupt}
          isBusy={isBusy}
          onAnswer={(value) => onAnswer(interrupt.id, value)}
        />
      ))}
      <div className="columns">
        <div className="stack">
          <section className="card" aria-labelledby="tasks">
            <h2 id="tasks">Tasks</h2>
            <TaskList bars={barsOf(run.tasks)} />
          </section>
          {run.messages.length > 0 && !run.result && <Answer messages={run.messages} />}
          {run.result && <Result result={run.result} />}
        </div>
        {run.custom.length > 0 && <Sources citations={run.custom} />}
      </div>
      <details className="card">
        <summary>State, as nodes changed it</summary>
        <pre tabIndex={0}>{JSON.stringify(run.changes, null, 2)}</pre>
      </details>
      <footer className="muted small">
        Event <span data-testid="last-seq">{run.lastSeq}</span> of run <code>{runId}</code>
        {run.attempt > 1 && `, execution ${run.attempt}`}
      </footer>
    </>
  );
}

/** The words of chat models as they come; read out when they are whole, and not one by one. */
function Answer({ messages }: Pick<Run, "messages">) {
  return (
    <section className="card" aria-labelledby="answer">
      <h2 id="answer">Answer</h2>
      <div aria-live="polite" aria-busy="true">
        {messages.map(({ messageId, text }) => (
          <p key={messageId} className="answer">
            {text}
          </p>
        ))}
      </div>
    </section>
  );
}
