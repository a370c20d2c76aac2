import type { StateSnapshot } from "@langchain/langgraph";
import type { Interrupt } from "../events/run-event.ts";
import { isJsonObject, toJson, type JsonValue } from "../json.ts";

/** The state of a thread at one of its checkpoints. */
export interface ThreadState {
  readonly checkpointId: string;
  readonly parentCheckpointId: string | null;
  readonly createdAt: Date | null;
  /** The superstep it was made at: -1 for the input, then 0, 1, …; `null` where LangGraph does not tell. */
  readonly step: number | null;
  /** What made it: an input, a step, `updateState`, or going on from an earlier checkpoint. */
  readonly source: "input" | "loop" | "update" | "fork" | null;
  /** The whole state, as JSON. */
  readonly values: JsonValue;
  /** The nodes that run next; none at the end. */
  readonly next: readonly string[];
  /** Those that wait for an answer. */
  readonly interrupts: readonly Interrupt[];
  /** The run that made it; `null` if none of ours did. */
  readonly runId: string | null;
}

/** What LangGraph tells of a checkpoint. */
export function toThreadState(snapshot: StateSnapshot): ThreadState {
  const { values, next, config, parentConfig, createdAt, metadata, tasks } = snapshot;
  const { source, step, run_id: runId } = (metadata ?? {}) as Readonly<Record<string, unknown>>;
  return {
    checkpointId: checkpointIdOf(config) ?? "",
    parentCheckpointId: checkpointIdOf(parentConfig),
    createdAt: createdAt === undefined ? null : new Date(createdAt),
    step: typeof step === "number" ? step : null,
    source: SOURCES.find((known) => known === source) ?? null,
    values: toJson(values),
    next,
    interrupts: tasks.flatMap(({ name, interrupts }) =>
      interrupts.map((interrupt) => toInterrupt(interrupt, name)),
    ),
    runId: typeof runId === "string" ? runId : null,
  };
}

const SOURCES = ["input", "loop", "update", "fork"] as const;

type Task = StateSnapshot["tasks"][number];

function toInterrupt(
  interrupt: Task["interrupts"][number] & { readonly response_schema?: unknown },
  node: string,
): Interrupt {
  const responseSchema = toJson(interrupt.response_schema);
  return {
    id: interrupt.id ?? "",
    value: toJson(interrupt.value),
    ...(isJsonObject(responseSchema) && { responseSchema }),
    node,
    namespace: [],
  };
}

function checkpointIdOf(config: StateSnapshot["parentConfig"]): string | null {
  const id: unknown = config?.configurable?.["checkpoint_id"];
  return typeof id === "string" ? id : null;
}
