import type { Problem } from "../errors.ts";
import type { Interrupt, RunError, RunStatus } from "../events/run-event.ts";
import type { JsonValue } from "../json.ts";
import type { PageEnd } from "../runs/fill-page.ts";
import type { Run } from "../runs/run.ts";
import type { ThreadState } from "../runs/thread-state.ts";
import type { Thread } from "../runs/thread.ts";
import type { Workflow } from "../workflows/workflow.ts";
import type { Builder } from "./builder.ts";
import type {
  EventSource,
  MessageSource,
  NodeSource,
  StateSource,
  StatusSource,
  WrittenSource,
} from "./event-source.ts";
import type { Names } from "./names.ts";

/** A value that belongs to a workflow: the one field that is set in `WorkflowState` and `WorkflowResult`. */
export interface OfWorkflow {
  readonly workflow: string;
  readonly value: JsonValue;
}

/** A page of a run's events. */
export interface EventPageSource {
  readonly nodes: readonly EventSource[];
  readonly endCursor: string;
  readonly hasMore: boolean;
}

/** A page of runs. */
export interface RunPage extends PageEnd {
  readonly nodes: readonly Run[];
}

/** A state, and the thread whose it is. */
export interface StateOfThread {
  readonly thread: Thread;
  readonly state: ThreadState;
}

/** A page of a thread's states, newest first. */
export interface HistorySource {
  readonly thread: Thread;
  readonly states: readonly ThreadState[];
  readonly hasMore: boolean;
}

/** A run that was asked to be started. */
export interface StartedRun {
  readonly run: Run;
  /** Whether it was not there before. */
  readonly isNew: boolean;
}

/** The types of the schema, by name, before they have fields: they refer to each other in circles. */
export type Refs = ReturnType<typeof createRefs>;

export function createRefs(builder: Builder, names: Names) {
  const object = <T>(name: string) => builder.objectRef<T>(names.type(name));
  return {
    runEvent: builder.interfaceRef<EventSource>(names.type("RunEvent")),
    writtenEvent: builder.interfaceRef<WrittenSource>(names.type("WrittenEvent")),
    progressEvent: object<WrittenSource>("ProgressEvent"),
    completeEvent: object<WrittenSource>("CompleteEvent"),
    customEvent: object<WrittenSource>("CustomEvent"),
    stateUpdate: object<StateSource>("StateUpdate"),
    messageChunk: object<MessageSource>("MessageChunk"),
    nodeEvent: object<NodeSource>("NodeEvent"),
    runStatusEvent: object<StatusSource>("RunStatusEvent"),
    run: object<Run>("Run"),
    runEventPage: object<EventPageSource>("RunEventPage"),
    runConnection: object<RunPage>("RunConnection"),
    startRunPayload: object<StartedRun>("StartRunPayload"),
    thread: object<Thread>("Thread"),
    threadState: object<StateOfThread>("ThreadState"),
    threadHistory: object<HistorySource>("ThreadHistory"),
    runError: object<RunError>("RunError"),
    interrupt: object<Interrupt>("Interrupt"),
    problem: object<Problem>("Problem"),
    workflow: object<Workflow>("Workflow"),
    workflowState: object<OfWorkflow>("WorkflowState"),
    workflowResult: object<OfWorkflow>("WorkflowResult"),
    runStatus: builder.enumType(names.type("RunStatus"), {
      description: "Where a run is in its life.",
      values: RUN_STATUS_VALUES,
    }),
  };
}

const RUN_STATUS_VALUES = {
  QUEUED: { value: "queued", description: "Waiting to be executed." },
  RUNNING: { value: "running", description: "Being executed." },
  INTERRUPTED: { value: "interrupted", description: "Waiting for answers to its interrupts." },
  SUCCEEDED: { value: "succeeded", description: "Ended: the graph ran to its end." },
  FAILED: { value: "failed", description: "Ended: see the error." },
  CANCELLED: { value: "cancelled", description: "Ended: somebody cancelled it." },
} as const satisfies Record<string, { value: RunStatus; description: string }>;
