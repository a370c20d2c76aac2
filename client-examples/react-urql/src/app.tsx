import { Provider } from "urql";
import { CLIENTS, ConnectionContext } from "./client.ts";
import type { Transport } from "./connections.ts";
import { NewRun } from "./new-run.tsx";
import { TransportSwitch } from "./transport-switch.tsx";
import { Shell } from "./ui/shell.tsx";
import { useKept } from "./use-kept.ts";
import { WatchedRun } from "./watched-run.tsx";

/** The run that this tab is about: it is the same after a reload. */
interface CurrentRun {
  readonly runId: string;
  readonly title: string;
}

export function App() {
  const [kept, setTransport] = useKept<Transport>("transport");
  const [current, setCurrent] = useKept<CurrentRun>("current-run");
  const transport = kept ?? "websocket";
  const { client, connection } = CLIENTS[transport];
  return (
    <Provider value={client}>
      <ConnectionContext value={connection}>
        <Shell
          client="urql"
          extra={<TransportSwitch transport={transport} onChange={setTransport} />}
        >
          {current ? (
            // With another transport the run is watched anew, from its first event on.
            <WatchedRun
              key={`${current.runId} ${transport}`}
              {...current}
              onLeave={() => setCurrent(null)}
            />
          ) : (
            <NewRun onChosen={(runId, title) => setCurrent({ runId, title })} />
          )}
        </Shell>
      </ConnectionContext>
    </Provider>
  );
}
