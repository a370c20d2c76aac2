/**
 * Every error that this package throws on purpose. Switch on `code`: it is stable, messages are not.
 * graphql-js copies `extensions` of a thrown error into the response, so each travels to clients as
 * `errors[0].extensions` whatever server executes the schema. `schema/README.md` lists the codes.
 */

import { knowAcrossCopies } from "./across-copies.ts";

/** What was wrong with one part of an input or a payload. */
export interface Problem {
  /** Where: field names and list positions, outermost first; empty for the whole. */
  readonly path: readonly string[];
  /** What: one sentence. */
  readonly message: string;
}

/** The base of all. Its message is written for the client and safe to show. */
export abstract class ServiceError extends Error {
  static {
    knowAcrossCopies(this);
  }

  abstract readonly code: string;

  override get name(): string {
    return this.constructor.name;
  }

  /** What a GraphQL response carries under `errors[].extensions`. */
  get extensions(): Record<string, unknown> {
    return { code: this.code, ...this.details() };
  }

  /** The facts behind the message, for `extensions`. */
  protected details(): Record<string, unknown> {
    return {};
  }
}

/** Something in the request is not acceptable. `problems` says what and where; mend it and ask again. */
export class BadUserInputError extends ServiceError {
  readonly code = "BAD_USER_INPUT";
  readonly problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[] = [], options?: ErrorOptions) {
    super(message, options);
    this.problems = problems;
  }

  protected override details(): Record<string, unknown> {
    return { problems: this.problems };
  }
}

/**
 * It is not known who asks: nothing was shown that tells so, or it is not good, or no longer.
 * Ask again with a fresh token.
 */
export class UnauthenticatedError extends ServiceError {
  readonly code = "UNAUTHENTICATED";

  constructor(
    message = "Nothing that came with the request tells who asks: send a fresh token as Authorization: Bearer …",
  ) {
    super(message);
  }
}

/** The request is understood and not allowed as it was made; the message says what would be. */
export class ForbiddenError extends ServiceError {
  readonly code = "FORBIDDEN";
}

/** The hook that says who asks, or whether they may, took too long. Nothing has been done: ask again. */
export class AccessTimeoutError extends ServiceError {
  readonly code = "ACCESS_TIMEOUT";

  constructor() {
    super("It took too long to find out who asks, or whether they may: try again");
  }
}

/**
 * No trusted document has this id. Send the document itself, which Apollo Client and urql do on their
 * own, or tell the server of it: see `ServiceOptions.trustedDocuments`.
 */
export class PersistedQueryNotFoundError extends ServiceError {
  readonly code = "PERSISTED_QUERY_NOT_FOUND";
  readonly documentId: string;

  constructor(documentId: string) {
    // Word for word: it is the message, and not the code, by which urql knows it.
    super("PersistedQueryNotFound");
    this.documentId = documentId;
  }

  protected override details(): Record<string, unknown> {
    return { documentId: this.documentId };
  }
}

/** There is no such thing, or it is somebody else's: the two are not told apart. */
export class NotFoundError extends ServiceError {
  readonly code = "NOT_FOUND";

  constructor(what: string, id: string) {
    super(`${what} ${JSON.stringify(id)} does not exist`);
  }
}

/**
 * The `runId` names a run that was started with another workflow or input, or by somebody else: the
 * two are not told apart.
 * Take a new `runId`, or follow the existing run with `workflowEvents`.
 */
export class RunConflictError extends ServiceError {
  readonly code = "RUN_CONFLICT";
  readonly runId: string;

  constructor(runId: string) {
    super(
      `Run ${JSON.stringify(runId)} exists, with another workflow or input, or of somebody else: take another runId`,
    );
    this.runId = runId;
  }

  protected override details(): Record<string, unknown> {
    return { runId: this.runId };
  }
}

/**
 * The thread has a run that has not ended.
 * Wait for it, cancel it, start with `whenBusy: ENQUEUE` or `REPLACE`, or leave `threadId` out to
 * start on a new thread.
 */
export class ThreadBusyError extends ServiceError {
  readonly code = "THREAD_BUSY";
  readonly threadId: string;
  readonly runId: string;

  constructor(threadId: string, runId: string) {
    super(`Thread ${JSON.stringify(threadId)} is busy with run ${JSON.stringify(runId)}`);
    this.threadId = threadId;
    this.runId = runId;
  }

  protected override details(): Record<string, unknown> {
    return { threadId: this.threadId, runId: this.runId };
  }
}

/**
 * The run does not wait for this answer: it was given already, or the run has gone on or ended.
 * Ask `run(id:)` for the interrupts that are pending.
 */
export class InterruptNotPendingError extends ServiceError {
  readonly code = "INTERRUPT_NOT_PENDING";
  readonly runId: string;
  /** Those asked for that are not pending; empty when the run waits for nothing at all. */
  readonly interruptIds: readonly string[];

  constructor(runId: string, interruptIds: readonly string[]) {
    super(
      interruptIds.length === 0
        ? `Run ${JSON.stringify(runId)} is not interrupted`
        : `Run ${JSON.stringify(runId)} does not wait for ${interruptIds.map((id) => JSON.stringify(id)).join(", ")}`,
    );
    this.runId = runId;
    this.interruptIds = interruptIds;
  }

  protected override details(): Record<string, unknown> {
    return { runId: this.runId, interruptIds: this.interruptIds };
  }
}

/**
 * The graph has other nodes or edges than when the run started, so that it may not go on.
 * Bring the old graph back, cancel the run, or let the workflow's runs go on with
 * `defineWorkflow({ recovery: { whenChanged: "resume" } })`.
 */
export class WorkflowChangedError extends ServiceError {
  readonly code = "WORKFLOW_CHANGED";
  readonly runId: string;

  constructor(runId: string, workflow: string) {
    super(
      `Workflow ${JSON.stringify(workflow)} has changed since run ${JSON.stringify(runId)} was started`,
    );
    this.runId = runId;
  }

  protected override details(): Record<string, unknown> {
    return { runId: this.runId };
  }
}

/**
 * The cursor points at events that are not stored: older than the oldest (`TRIMMED`), or newer than
 * the newest or replaced by others, which happens when the engine lost events in a failover (`REWOUND`).
 * Refetch the run, then follow from its `lastSeq`.
 */
export class CursorExpiredError extends ServiceError {
  readonly code = "CURSOR_EXPIRED";
  readonly oldestSeq: number;
  readonly lastSeq: number;
  readonly reason: "TRIMMED" | "REWOUND";

  constructor(details: {
    readonly oldestSeq: number;
    readonly lastSeq: number;
    readonly reason: "TRIMMED" | "REWOUND";
  }) {
    super(
      details.reason === "TRIMMED"
        ? details.oldestSeq > details.lastSeq
          ? `None of the ${details.lastSeq} events are stored any more`
          : `Events before seq ${details.oldestSeq} are no longer stored`
        : `The cursor is of events that the log, which ends at seq ${details.lastSeq}, does not have`,
    );
    this.oldestSeq = details.oldestSeq;
    this.lastSeq = details.lastSeq;
    this.reason = details.reason;
  }

  protected override details(): Record<string, unknown> {
    return { oldestSeq: this.oldestSeq, lastSeq: this.lastSeq, reason: this.reason };
  }
}

/**
 * The request goes beyond a limit of the service: `limit` is its name, `max` what is allowed. Ask for
 * less at a time; where `retryAfterMs` is known, for the same again after that time.
 */
export class LimitExceededError extends ServiceError {
  readonly code = "LIMIT_EXCEEDED";
  /** As in `ServiceOptions.limits`. */
  readonly limit: string;
  readonly max: number;
  readonly retryAfterMs: number | undefined;

  constructor(details: {
    readonly limit: string;
    readonly max: number;
    readonly retryAfterMs?: number | undefined;
    readonly message: string;
  }) {
    super(details.message);
    this.limit = details.limit;
    this.max = details.max;
    this.retryAfterMs = details.retryAfterMs;
  }

  protected override details(): Record<string, unknown> {
    const { limit, max, retryAfterMs } = this;
    return { limit, max, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
}

/**
 * The service stops while the run goes on elsewhere, or at its next start.
 * Come back with the cursor of the last result.
 */
export class ServiceStoppingError extends ServiceError {
  readonly code = "SERVICE_STOPPING";

  constructor() {
    super("The service is stopping: come back with the cursor of the last result");
  }
}

/**
 * The engine that keeps the runs cannot be reached, or is being restarted. Backends throw it for what may
 * go well a moment later; nothing is known of whether what was asked for has been done. Ask again.
 */
export class BackendUnavailableError extends ServiceError {
  readonly code = "BACKEND_UNAVAILABLE";

  constructor(options?: ErrorOptions) {
    super("The storage of runs cannot be reached at the moment: try again", options);
  }
}

/** The run of an operation that does not receive `RunStatusEvent` failed; ask `run(id:)` for more. */
export class RunFailedError extends ServiceError {
  readonly code = "RUN_FAILED";
  readonly runId: string;
  readonly seq: number;
  /** `Run.error.code`: why it failed. */
  readonly reason: string;

  constructor(details: {
    readonly runId: string;
    readonly seq: number;
    readonly reason: string;
    readonly message: string;
  }) {
    super(details.message);
    this.runId = details.runId;
    this.seq = details.seq;
    this.reason = details.reason;
  }

  protected override details(): Record<string, unknown> {
    return { runId: this.runId, seq: this.seq, reason: this.reason };
  }
}

/** The run of an operation that does not receive `RunStatusEvent` was cancelled. */
export class RunCancelledError extends ServiceError {
  readonly code = "RUN_CANCELLED";
  readonly runId: string;
  readonly seq: number;

  constructor(details: { readonly runId: string; readonly seq: number }) {
    super("The run was cancelled");
    this.runId = details.runId;
    this.seq = details.seq;
  }

  protected override details(): Record<string, unknown> {
    return { runId: this.runId, seq: this.seq };
  }
}

/**
 * Not for clients: another executor has taken the run over, or the run has ended. Whoever gets this
 * from {@link EventLog.append} must stop executing the run at once.
 */
export class StaleWriterError extends Error {
  static {
    knowAcrossCopies(this);
  }

  override readonly name = "StaleWriterError";
  readonly code = "STALE_WRITER";

  constructor(runId: string, epoch: number) {
    super(`Epoch ${epoch} may not write to run ${JSON.stringify(runId)} any more`);
  }
}

/** The service is set up wrongly; the message names the culprit and the line to write. */
export class ConfigError extends TypeError {
  static {
    knowAcrossCopies(this);
  }

  override readonly name = "ConfigError";
  readonly code = "CONFIG";
}
