import type { ErrorView, ProgressView, RunView, TaskView } from "./run-view.ts";

/** An event with whatever its operation selects. */
export type EventFields = Readonly<Record<string, unknown>>;

/** Types of events that are of a task, whether the operation selects which or not. */
const OF_TASKS = ["ProgressEvent", "CompleteEvent", "NodeEvent"];

/** The view with what an event says about its task; with nothing of it but that if it runs again. */
export function foldTask(view: RunView, event: EventFields, prefix: string): RunView {
  const type = String(event["__typename"]).slice(prefix.length);
  const isPlaced = event["node"] != null || event["taskId"] != null;
  if (!isPlaced && !OF_TASKS.includes(type)) return view;
  const key = keyOfTask(event);
  const known = view.tasks.find((task) => task.key === key);
  if (!known) return { ...view, tasks: [...view.tasks, changeTask(newTask(event), event, type)] };
  if (runsAgain(known, event)) {
    const task = changeTask(newTask(event), event, type);
    return { ...withoutWords(view, new Set([key])), tasks: replace(view.tasks, known, task) };
  }
  const task = changeTask(known, event, type);
  return task === known ? view : { ...view, tasks: replace(view.tasks, known, task) };
}

/** The view without these tasks and all that they said. */
export function withoutTasks(view: RunView, keys: ReadonlySet<string>): RunView {
  if (keys.size === 0) return view;
  return {
    ...withoutWords(view, keys),
    tasks: view.tasks.filter(({ key }) => !keys.has(key)),
  };
}

/** Tells the task of an event apart from others. */
export function keyOfTask({ namespace, node, taskId }: EventFields): string {
  return JSON.stringify([namespace ?? [], node ?? null, taskId ?? null]);
}

/** Whether a task is still at it. One that says it is through may have ended without another word. */
export function isRunning({ phase, progress }: TaskView): boolean {
  return phase === "running" && !isThrough(progress);
}

function withoutWords(view: RunView, keys: ReadonlySet<string>): RunView {
  return {
    ...view,
    messages: filter(view.messages, ({ taskKey }) => !keys.has(taskKey)),
    custom: filter(view.custom, (event) => !keys.has(keyOfTask(event as EventFields))),
  };
}

/** The same list if nothing falls out. */
function filter<T>(list: readonly T[], stays: (item: T) => boolean): readonly T[] {
  return list.every(stays) ? list : list.filter(stays);
}

function replace<T>(list: readonly T[], old: T, replacement: T): readonly T[] {
  return list.map((item) => (item === old ? replacement : item));
}

function newTask(event: EventFields): TaskView {
  const { namespace, node, taskId, attempt, nodeAttempt } = event as Partial<TaskView>;
  return {
    key: keyOfTask(event),
    node: node ?? null,
    namespace: namespace ?? [],
    taskId: taskId ?? null,
    attempt: attempt ?? null,
    nodeAttempt: nodeAttempt ?? null,
    phase: null,
    progress: null,
    message: null,
    durationMs: null,
    error: null,
  };
}

function runsAgain(task: TaskView, event: EventFields): boolean {
  const { attempt, nodeAttempt } = event as Partial<TaskView>;
  const isLater = (now: number | null | undefined, then: number | null): boolean =>
    now != null && then !== null && now > then;
  return (
    isLater(attempt, task.attempt) ||
    isLater(nodeAttempt, task.nodeAttempt) ||
    (event["phase"] === "STARTED" && task.phase !== null)
  );
}

function changeTask(task: TaskView, event: EventFields, type: string): TaskView {
  switch (type) {
    case "ProgressEvent": {
      const progress = progressOf(event, task.progress);
      return { ...task, progress, phase: isThrough(progress) ? task.phase : "running" };
    }
    case "CompleteEvent":
      return { ...task, phase: "finished", message: (event["message"] as string | null) ?? null };
    case "StateUpdate":
      return task.phase === "finished" ? task : { ...task, phase: "finished" };
    case "NodeEvent":
      return {
        ...task,
        phase: PHASES[String(event["phase"])] ?? task.phase,
        durationMs: (event["durationMs"] as number | null | undefined) ?? null,
        error: (event["error"] as ErrorView | null | undefined) ?? null,
      };
    default:
      return task;
  }
}

const PHASES: Readonly<Partial<Record<string, TaskView["phase"]>>> = {
  STARTED: "running",
  FINISHED: "finished",
  FAILED: "failed",
};

function progressOf(event: EventFields, before: ProgressView | null): ProgressView {
  const { current = null, total = null, fraction, status } = event as Partial<ProgressView>;
  const share = current !== null && total !== null && total > 0 ? current / total : null;
  return {
    current,
    total,
    fraction: fraction ?? (share === null ? null : Math.min(Math.max(share, 0), 1)),
    status: status ?? before?.status ?? null,
  };
}

function isThrough(progress: ProgressView | null): boolean {
  return progress?.fraction != null && progress.fraction >= 1;
}
