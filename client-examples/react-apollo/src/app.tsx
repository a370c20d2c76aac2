import { NewRun } from "./new-run.tsx";
import { Shell } from "./ui/shell.tsx";
import { useKept } from "./use-kept.ts";
import { WatchedRun } from "./watched-run.tsx";

/** The run that this tab is about: it is the same after a reload. */
interface CurrentRun {
  readonly runId: string;
  readonly title: string;
}

export function App() {
  const [current, setCurrent] = useKept<CurrentRun>("current-run");
  return (
    <Shell client="Apollo Client">
      {current ? (
        <WatchedRun key={current.runId} {...current} onLeave={() => setCurrent(null)} />
      ) : (
        <NewRun onChosen={(runId, title) => setCurrent({ runId, title })} />
      )}
    </Shell>
  );
}
