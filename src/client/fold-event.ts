import { foldTask, isRunning, keyOfTask, withoutTasks, type EventFields } from "./fold-task.ts";
import type { ErrorView, RunStatus, RunView, TaskView } from "./run-view.ts";

/** How many custom events are kept. */
const MAX_CUSTOM_EVENTS = 100;

/** The view after one more event. */
export function foldEvent(before: RunView, event: EventFields, prefix: string): RunView {
  const view = foldTask(foldAttempt(before, event), event, prefix);
  switch (event["__typename"]) {
    case `${prefix}RunStatusEvent`:
      return foldStatus(view, event);
    case `${prefix}StateUpdate`:
      return foldChanges(view, event);
    case `${prefix}MessageChunk`:
      return foldMessage(view, event);
    case `${prefix}ProgressEvent`:
    case `${prefix}CompleteEvent`:
    case `${prefix}NodeEvent`:
      return view;
    default:
      return { ...view, custom: [...view.custom, event as never].slice(-MAX_CUSTOM_EVENTS) };
  }
}

/** With a new execution of the run, tasks that were running in the one before are gone. */
function foldAttempt(view: RunView, { attempt }: EventFields): RunView {
  if (typeof attempt !== "number" || attempt <= view.attempt) return view;
  const lost = view.tasks.filter(isRunning).map(({ key }) => key);
  return { ...withoutTasks(view, new Set(lost)), attempt };
}

function foldStatus(view: RunView, event: EventFields): RunView {
  const status = (event["runStatus"] as RunStatus | undefined) ?? view.status;
  return {
    ...view,
    status,
    isFinished: status === "SUCCEEDED" || status === "FAILED" || status === "CANCELLED",
    tasks: endTasks(view.tasks, status),
    interrupts: (event["interrupts"] as readonly never[] | undefined) ?? [],
    output: event["output"] ?? view.output,
    result: (event["result"] ?? view.result) as never,
    error: (event["error"] as ErrorView | undefined) ?? null,
  };
}

/** What becomes of the tasks with the run. */
function endTasks(tasks: readonly TaskView[], status: RunStatus | null): readonly TaskView[] {
  const phaseOf = (task: TaskView): TaskView["phase"] => {
    const isPending = isRunning(task) || task.phase === "interrupted";
    switch (status) {
      case "SUCCEEDED":
        return task.phase === "failed" ? "failed" : "finished";
      case "FAILED":
      case "CANCELLED":
        return isPending ? "stopped" : task.phase;
      case "INTERRUPTED":
        return isPending ? "interrupted" : task.phase;
      default:
        return task.phase;
    }
  };
  if (tasks.every((task) => phaseOf(task) === task.phase)) return tasks;
  return tasks.map((task) => {
    const phase = phaseOf(task);
    return phase === task.phase ? task : { ...task, phase };
  });
}

function foldChanges(view: RunView, { namespace, changes, state }: EventFields): RunView {
  const isOfSubgraph = Array.isArray(namespace) && namespace.length > 0;
  if (isOfSubgraph) return view;
  return {
    ...view,
    // A node that writes a key several times gives a list.
    changes: Object.assign({}, view.changes, ...[changes].flat().filter(isObject)) as EventFields,
    state: isObject(state) ? (mergeState(view.state ?? {}, state) as never) : view.state,
  };
}

/** Each workflow's keys as they were changed last; those that were not are null, so null tells nothing. */
function mergeState(before: EventFields, state: EventFields): EventFields {
  const merged: Record<string, unknown> = { ...before };
  for (const [workflow, keys] of Object.entries(state)) {
    if (!isObject(keys)) continue;
    const changed = Object.entries(keys).filter(([, value]) => value !== null);
    const known = merged[workflow] as EventFields | undefined;
    merged[workflow] = { ...known, ...Object.fromEntries(changed) };
  }
  return merged;
}

function foldMessage(view: RunView, event: EventFields): RunView {
  const taskKey = keyOfTask(event);
  const messageId = (event["messageId"] as string | undefined) ?? null;
  const piece = (event["content"] as string | undefined) ?? "";
  const known = view.messages.find(
    (message) => message.messageId === messageId && message.taskKey === taskKey,
  );
  if (!known) {
    const node = (event["node"] as string | undefined) ?? null;
    return { ...view, messages: [...view.messages, { messageId, taskKey, node, text: piece }] };
  }
  const longer = { ...known, text: known.text + piece };
  const messages = view.messages.map((message) => (message === known ? longer : message));
  return { ...view, messages };
}

function isObject(value: unknown): value is EventFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
