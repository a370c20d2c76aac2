import {
  initialRunView,
  reduceRun,
  withConnection,
  type ConnectionState,
} from "langgraph-graphql/client";
import { useEffect, useState } from "react";
import { useSubscription } from "urql";
import { useConnection } from "./client.ts";
import { WatchRunDocument, type WatchRunSubscription } from "./gql/graphql.ts";
import { toProblem } from "./to-problem.ts";
import type { Run } from "./ui/run.ts";

/** The view of a run, from its first event on. Whatever mounts it twice sees the same run. */
export function useRun(runId: string): Run {
  const [{ data, error }] = useSubscription(
    { query: WatchRunDocument, variables: { runId } },
    // urql keeps what this returns as `data`, and hands it in again with the next event.
    (run: Run = initialRunView, event: WatchRunSubscription) => reduceRun(run, { data: event }),
  );
  const state = useConnectionState();
  const run = data ?? initialRunView;
  if (error) return withConnection(run, "failed", toProblem(error));
  // That it is complete is in the run itself: urql does not tell.
  return withConnection(run, state);
}

function useConnectionState(): ConnectionState {
  const connection = useConnection();
  const [state, setState] = useState<ConnectionState>("connecting");
  useEffect(() => connection.watch(setState), [connection]);
  return state;
}
