import type { Problem } from "../errors.ts";
import type { JsonObject, JsonValue } from "../json.ts";

/** Where in the graph an event comes from. Each part is `null` where LangGraph does not tell. */
export interface EventOrigin {
  /** The node, as the graph names it. */
  readonly node: string | null;
  /** The task: one execution of a node in one step. Retries of a node share it. */
  readonly taskId: string | null;
  /** The superstep of the node's own graph, from 1; in the functional API from 0. */
  readonly step: number | null;
  /** The path of subgraphs as LangGraph's streams name it, `["sub:<task id>"]`; `[]` at the root. */
  readonly namespace: readonly string[];
  /** Which try of the node's retry policy this is, from 1. */
  readonly nodeAttempt: number | null;
}

/** The origin of what the run itself says. */
export const RUN_ORIGIN: EventOrigin = {
  node: null,
  taskId: null,
  step: null,
  namespace: [],
  nodeAttempt: null,
};

/** Written by a node, a tool or a subgraph with LangGraph's writer. */
export interface WrittenBody {
  readonly kind: "written";
  /** The declared event it is, such as `progress`; `null` when it is none or not valid as one. */
  readonly event: string | null;
  /** What was written, whole; `null` for what is larger than an event may be. */
  readonly payload: JsonValue;
  /** The `type` of a payload that is not kept. */
  readonly type?: string;
  /** What the declaration's schema made of it, where that differs from `payload`. */
  readonly data?: JsonObject;
  /** Why it is not the event that its `type` names. */
  readonly problems?: readonly Problem[];
}

/** A finished task's changes to the state. */
export interface StateBody {
  readonly kind: "state";
  readonly changes: JsonValue;
  /** The keys whose changes are left out, since all of them are larger than an event may be. */
  readonly truncatedKeys?: readonly string[];
}

/** A piece of a chat model's answer, or all of it when the model does not stream. */
export interface MessageBody {
  readonly kind: "message";
  readonly messageId: string;
  readonly content: string;
  readonly message: JsonValue;
}

/** A task started, finished or failed. */
export interface NodeBody {
  readonly kind: "node";
  readonly phase: "started" | "finished" | "failed";
  readonly durationMs?: number;
  readonly error?: RunError;
}

/** The run's status changed. */
export interface StatusBody {
  readonly kind: "status";
  readonly status: RunStatus;
  readonly output?: JsonValue;
  readonly error?: RunError;
  readonly interrupts?: readonly Interrupt[];
}

export type EventBody = WrittenBody | StateBody | MessageBody | NodeBody | StatusBody;

/** Its place in the run's log. */
export interface EventPlace extends EventOrigin {
  /** Its number in the run: 1, 2, 3 … without gaps. */
  readonly seq: number;
  /** When it was recorded, in milliseconds since 1970. */
  readonly createdAt: number;
  /** Which execution of the run recorded it: the epoch, 1 on the first; 0 before any. */
  readonly attempt: number;
}

/** One entry of a run's log. Immutable once recorded, and all JSON, so that any backend can keep it. */
export type RunEvent =
  | (EventPlace & WrittenBody)
  | (EventPlace & StateBody)
  | (EventPlace & MessageBody)
  | (EventPlace & NodeBody)
  | (EventPlace & StatusBody);

/** Where a run is in its life. The last three are final. */
export type RunStatus = "queued" | "running" | "interrupted" | "succeeded" | "failed" | "cancelled";

/** Why a run or a node failed. */
export interface RunError {
  /** `RUN_FAILED`, `RUN_TIMEOUT`, `EVENT_LIMIT`, `WORKFLOW_CHANGED`, `RECOVERY_FAILED`, or LangGraph's `lc_error_code`. */
  readonly code: string;
  readonly message: string;
}

/** A question that a node put with `interrupt()`, waiting for its answer. */
export interface Interrupt {
  readonly id: string;
  readonly value: JsonValue;
  /** What the answer must look like, as JSON Schema; absent where the node did not say. */
  readonly responseSchema?: JsonObject;
  /** The node that asks; absent where LangGraph does not tell. */
  readonly node?: string;
  /** The path of subgraphs of the node that asks. */
  readonly namespace: readonly string[];
}
