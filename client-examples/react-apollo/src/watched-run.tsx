import { useMutation } from "@apollo/client/react";
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
  // Errors are shown: a promise that fails as well would only be in the way.
  const [cancelRun, cancelling] = useMutation(CancelRunDocument, { onError: () => {} });
  const [answer, answering] = useMutation(AnswerInterruptDocument, { onError: () => {} });
  const error = cancelling.error ?? answering.error;
  return (
    <RunPage
      title={title}
      runId={runId}
      run={run}
      isBusy={cancelling.loading || answering.loading}
      problem={error ? toProblem(error) : null}
      onCancel={() => void cancelRun({ variables: { runId } })}
      onAnswer={(interruptId, value) => void answer({ variables: { runId, interruptId, value } })}
      onLeave={onLeave}
    />
  );
}
