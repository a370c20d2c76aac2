import fc from "fast-check";
import type { AnyEvent } from "../../src/client/index.ts";

type Fields = AnyEvent & Readonly<Record<string, unknown>>;

type Doing = "start" | "finish" | "fail" | "say" | "get on" | "cite";

/** One thing that happens to a task, or to the run. */
type Happening =
  | { readonly kind: "task"; readonly does: Doing; readonly task: number }
  | { readonly kind: "crash" | "interrupt" };

const TASKS = 4;

const ofTask = fc.record({
  kind: fc.constant("task"),
  does: fc.constantFrom<Doing[]>("start", "finish", "fail", "say", "get on", "cite"),
  task: fc.nat(TASKS - 1),
});

/**
 * The events of runs in which tasks start, write, finish, are retried, and which crash and are
 * interrupted: in the order in which a server would record them, all fields selected.
 */
export const randomLog: fc.Arbitrary<readonly Fields[]> = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: ofTask },
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("crash", "interrupt") }) },
    ) as fc.Arbitrary<Happening>,
    { maxLength: 60 },
  )
  .map(record);

function record(happenings: readonly Happening[]): readonly Fields[] {
  const log: Fields[] = [];
  const tries = new Map<number, number>();
  const running = new Set<number>();
  let attempt = 1;
  const add = (event: Fields): void => {
    log.push({ runId: "run", namespace: [], attempt, ...event, seq: log.length + 1 });
  };
  const status = (runStatus: string): void => add({ __typename: "RunStatusEvent", runStatus });
  status("RUNNING");
  for (const happening of happenings) {
    if (happening.kind !== "task") {
      if (happening.kind === "interrupt") status("INTERRUPTED");
      attempt += 1;
      tries.clear();
      running.clear();
      status("RUNNING");
      continue;
    }
    const { task } = happening;
    // What does not run begins.
    const does = running.has(task) ? happening.does : "start";
    if (does === "start") tries.set(task, (tries.get(task) ?? 0) + 1);
    const place = { node: "work", taskId: `task ${task}`, nodeAttempt: tries.get(task) };
    if (does === "start") running.add(task);
    if (does === "finish" || does === "fail") running.delete(task);
    add({ ...place, ...EVENTS[does](log.length) });
  }
  return log;
}

const EVENTS: Readonly<Record<Doing, (n: number) => Fields>> = {
  start: () => ({ __typename: "NodeEvent", phase: "STARTED" }),
  finish: () => ({ __typename: "NodeEvent", phase: "FINISHED" }),
  fail: () => ({ __typename: "NodeEvent", phase: "FAILED" }),
  say: (n) => ({ __typename: "MessageChunk", messageId: "answer", content: ` ${n}` }),
  "get on": (n) => ({ __typename: "ProgressEvent", current: n, total: 1_000 }),
  cite: (n) => ({ __typename: "CitationEvent", title: `page ${n}` }),
};
