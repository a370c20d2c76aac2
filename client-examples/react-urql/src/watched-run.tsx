import { useMutation } from "urql";
import { AnswerInterruptDocument, CancelRunDocument } from "./gql/graphql.ts";
import { toProblem } from "./to-problem.ts";
import { RunPage } from "./ui/run-page.tsx";
import { useRun } from "./use-run.ts";

export interface WatchedRunProps {
  readonly runId: string;
  readonly title: string;
  readonly onLeave: () => void;
}

/** A run as it goes on, with what may be done about it. */
export function WatchedRun({ runId, title, onLeave }: WatchedRunProps) {
  const run = useRun(runId);
  const [cancelling, cancelRun] = useMutation(CancelRunDocument);
  const [answering, answer] = useMutation(AnswerInterruptDocument);
  const error = cancelling.error ?? answering.error;
  return (
    <RunPage
      title={title}
      runId={runId}
      run={run}
      isBusy={cancelling.fetching || answering.fetching}
      problem={error ? toProblem(error) : null}
      onCancel={() => void cancelRun({ runId })}
      onAnswer={(interruptId, value) => void answer({ runId, interruptId, value })}
      onLeave={onLeave}
    />
  );
}
