import { useMutation, useQuery } from "@apollo/client/react";
import { useRef } from "react";
import { RecentRunsDocument, StartRunDocument, type WorkflowInput } from "./gql/graphql.ts";
import { toProblem } from "./to-problem.ts";
import { RecentRuns } from "./ui/recent-runs.tsx";
import { StartForm } from "./ui/start-form.tsx";

export interface NewRunProps {
  readonly onChosen: (runId: string, title: string) => void;
}

/** Starts a run, in an event handler and not in an effect, or chooses one that there is. */
export function NewRun({ onChosen }: NewRunProps) {
  const [startRun, { loading, error }] = useMutation(StartRunDocument);
  const recent = useQuery(RecentRunsDocument, { fetchPolicy: "network-only" });
  const attempt = useRef<{ readonly input: string; readonly runId: string }>(undefined);

  const start = async (input: WorkflowInput, title: string): Promise<void> => {
    // The id makes starting twice starting once: whoever tries again after an error, and does not know
    // whether the server had started the run, finds it.
    const text = JSON.stringify(input);
    if (attempt.current?.input !== text) {
      attempt.current = { input: text, runId: crypto.randomUUID() };
    }
    const { runId } = attempt.current;
    try {
      await startRun({ variables: { runId, input } });
      onChosen(runId, title);
    } catch {
      // It is in `error`.
    }
  };

  return (
    <>
      <StartForm
        isBusy={loading}
        problem={error ? toProblem(error) : null}
        onStart={(input, title) => void start(input, title)}
      />
      <RecentRuns runs={recent.data?.runs?.nodes ?? []} onChosen={onChosen} />
    </>
  );
}
