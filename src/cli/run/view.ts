import { nodeLabel } from "./node-label.ts";
import { isFinal, type RunEvent } from "./run-event.ts";

/** One execution of a node that says how far it has got. */
export interface TaskView {
  readonly key: string;
  readonly label: string;
  /** `stopped`: the run ended before it did. */
  readonly state: "running" | "done" | "failed" | "stopped";
  /** Null until it has said so. */
  readonly current: number | null;
  readonly total: number | null;
  /** What it said last. */
  readonly status: string;
}

/** An answer of a chat model that is being written. */
export interface AnswerView {
  readonly messageId: string;
  readonly taskKey: string;
  readonly label: string;
  /** From the last line break on: the lines before stand above already. */
  readonly text: string;
}

/** Something that is said once, above what goes on. */
export interface SaidLine {
  readonly kind: "answer" | "custom" | "declared" | "failure" | "interrupt";
  readonly label: string;
  readonly text: string;
}

/** What a terminal shows of a run while it runs. */
export interface View {
  readonly tasks: readonly TaskView[];
  readonly answers: readonly AnswerView[];
}

export interface Step {
  readonly view: View;
  /** What the event adds for good. */
  readonly said: readonly SaidLine[];
}

export const EMPTY_VIEW: View = { tasks: [], answers: [] };

/** The view after one more event. */
export function fold(view: View, event: RunEvent): Step {
  const label = nodeLabel(event);
  switch (event.kind) {
    case "progress": {
      const { current, total, status } = event;
      const tasks = update(view.tasks, event, (task) => ({
        ...task,
        state: "running",
        current,
        total,
        status: status ?? task.status,
      }));
      return { view: { ...view, tasks }, said: [] };
    }
    case "complete": {
      const tasks = update(view.tasks, event, (task) => ({
        ...task,
        state: "done",
        status: event.message ?? task.status,
      }));
      return { view: { ...view, tasks }, said: [] };
    }
    case "custom":
    case "declared":
      return { view, said: [{ kind: event.kind, label, text: describeWritten(event) }] };
    case "message":
      return addText(view, event);
    case "node":
      return foldNode(view, event);
    case "status":
      return foldStatus(view, event);
    case "state":
      return { view, said: [] };
  }
}

/** A written event in words: its type, and what it carries beside. */
export function describeWritten({
  type,
  payload,
}: Extract<RunEvent, { kind: "custom" | "declared" }>): string {
  if (type === null) return JSON.stringify(payload);
  const { type: _type, ...rest } = payload as Readonly<Record<string, unknown>>;
  return `${type} ${JSON.stringify(rest)}`;
}

function foldNode(view: View, event: Extract<RunEvent, { kind: "node" }>): Step {
  const key = keyOf(event);
  if (event.phase === "STARTED") {
    // Tried again: it begins anew.
    const tasks = change(view.tasks, key, (task) => ({
      ...task,
      state: "running",
      current: null,
      total: null,
      status: "",
    }));
    return { view: { ...view, tasks }, said: [] };
  }
  const { answers, said } = endAnswers(view.answers, (answer) => answer.taskKey === key);
  const message = event.error?.message ?? "";
  const hasFailed = event.phase === "FAILED";
  const tasks = change(view.tasks, key, (task) => {
    if (hasFailed) return { ...task, state: "failed", status: message };
    return task.state === "running" ? { ...task, state: "done" } : task;
  });
  const failure = { kind: "failure" as const, label: nodeLabel(event), text: message };
  return { view: { tasks, answers }, said: hasFailed ? [...said, failure] : said };
}

function foldStatus(view: View, event: Extract<RunEvent, { kind: "status" }>): Step {
  const { runStatus, interrupts } = event;
  if (runStatus === "INTERRUPTED") {
    const { answers, said } = endAnswers(view.answers, () => true);
    const questions = interrupts.map(({ id, value }) => ({
      kind: "interrupt" as const,
      label: id,
      text: typeof value === "string" ? value : JSON.stringify(value, null, 2),
    }));
    return { view: { ...view, answers }, said: [...said, ...questions] };
  }
  if (!isFinal(runStatus)) return { view, said: [] };
  const { answers, said } = endAnswers(view.answers, () => true);
  const state = runStatus === "SUCCEEDED" ? "done" : "stopped";
  const tasks = view.tasks.map((task) => (task.state === "running" ? { ...task, state } : task));
  return { view: { tasks: tasks as readonly TaskView[], answers }, said };
}

function addText(view: View, event: Extract<RunEvent, { kind: "message" }>): Step {
  const { messageId, content } = event;
  const label = nodeLabel(event);
  const before = view.answers.find((answer) => answer.messageId === messageId);
  const lines = ((before?.text ?? "") + content).split("\n");
  const answer = { messageId, taskKey: keyOf(event), label, text: lines.pop() ?? "" };
  const answers = before
    ? view.answers.map((other) => (other === before ? answer : other))
    : [...view.answers, answer];
  const said = lines.map((text) => ({ kind: "answer" as const, label, text }));
  return { view: { ...view, answers }, said };
}

function endAnswers(
  answers: readonly AnswerView[],
  hasEnded: (answer: AnswerView) => boolean,
): { readonly answers: readonly AnswerView[]; readonly said: readonly SaidLine[] } {
  return {
    answers: answers.filter((answer) => !hasEnded(answer)),
    said: answers
      .filter((answer) => hasEnded(answer) && answer.text !== "")
      .map(({ label, text }) => ({ kind: "answer", label, text })),
  };
}

/** Changes a task, or adds it if it was not there. */
function update(
  tasks: readonly TaskView[],
  event: RunEvent,
  changeTask: (task: TaskView) => TaskView,
): readonly TaskView[] {
  const key = keyOf(event);
  if (tasks.some((task) => task.key === key)) return change(tasks, key, changeTask);
  const task: TaskView = {
    key,
    label: numbered(nodeLabel(event), tasks),
    state: "running",
    current: null,
    total: null,
    status: "",
  };
  return [...tasks, changeTask(task)];
}

function change(
  tasks: readonly TaskView[],
  key: string,
  changeTask: (task: TaskView) => TaskView,
): readonly TaskView[] {
  return tasks.map((task) => (task.key === key ? changeTask(task) : task));
}

/** The second task of a node is `node 2`. */
function numbered(label: string, tasks: readonly TaskView[]): string {
  const others = tasks.filter((task) => task.label.replace(/ \d+$/, "") === label);
  return others.length === 0 ? label : `${label} ${others.length + 1}`;
}

function keyOf({ namespace, node, taskId }: RunEvent): string {
  return JSON.stringify([namespace, node, taskId]);
}
