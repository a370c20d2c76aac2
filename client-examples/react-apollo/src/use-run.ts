import { useSubscription } from "@apollo/client/react";
import {
  initialRunView,
  reduceRun,
  watchConnection,
  withConnection,
} from "langgraph-graphql/client";
import { useEffect, useState } from "react";
import { socket } from "./client.ts";
import { WatchRunDocument } from "./gql/graphql.ts";
import { toProblem } from "./to-problem.ts";
import type { Run } from "./ui/run.ts";

/** The view of a run, from its first event on. Whatever mounts it twice sees the same run. */
export function useRun(runId: string): Run {
  const [run, setRun] = useState<Run>(initialRunView);
  useSubscription(WatchRunDocument, {
    variables: { runId },
    // The view is folded here; the cache would only see one event replace the other.
    fetchPolicy: "no-cache",
    // As a result React would show the last of several events that come at once; `onData` has them all.
    ignoreResults: true,
    onData: ({ data }) => setRun((before) => reduceRun(before, data)),
    onError: (error) => setRun((before) => withConnection(before, "failed", toProblem(error))),
    onComplete: () => setRun((before) => withConnection(before, "ended")),
  });
  useEffect(
    () => watchConnection(socket, (state) => setRun((before) => withConnection(before, state))),
    [],
  );
  return run;
}
