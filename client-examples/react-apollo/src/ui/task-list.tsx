import { useId } from "react";
import type { Bar } from "./run.ts";

/** What is said of a task that does not count. */
const PHASES: Readonly<Partial<Record<Bar["phase"], string>>> = {
  finished: "Done",
  failed: "Failed",
  interrupted: "Waiting",
  stopped: "Stopped",
};

/** What each task is at. */
export function TaskList({ bars }: { readonly bars: readonly Bar[] }) {
  return (
    <ol className="tasks">
      {bars.map(({ key, ...bar }) => (
        <TaskBar key={key} {...bar} />
      ))}
    </ol>
  );
}

function TaskBar({ path, phase, percent, count, status }: Omit<Bar, "key">) {
  const id = useId();
  const said = [count, status].filter((part) => part !== null).join(", ");
  return (
    <li className="task" data-phase={phase}>
      <span className="task-name" id={id}>
        {path.slice(0, -1).map((part, depth) => (
          <span className="muted" key={depth}>
            {part} /{" "}
          </span>
        ))}
        {path.at(-1)}
      </span>
      <span className="task-count">{count ?? PHASES[phase]}</span>
      <div
        className="bar"
        role="progressbar"
        aria-labelledby={id}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent ?? undefined}
        aria-valuetext={`${phase}${said === "" ? "" : `: ${said}`}`}
        data-indeterminate={percent === null || undefined}
      >
        <div className="bar-fill" style={{ inlineSize: `${percent ?? 100}%` }} />
      </div>
      {status !== null && <span className="task-status">{status}</span>}
    </li>
  );
}
