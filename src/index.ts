export type { AccessLimits } from "./access/access-limits.ts";
export type { Authenticate, Authentication, Credentials } from "./access/authenticate.ts";
export type { AccessRequest, Action, Authorize } from "./access/authorize.ts";
export type { Viewer } from "./access/viewer.ts";
export type { WatchToken } from "./access/watch-tokens.ts";
export type { SchemaContext } from "./api/context.ts";
export type { Backend } from "./backend.ts";
export { memory, type MemoryOptions } from "./backends/memory/index.ts";
export {
  AccessTimeoutError,
  BackendUnavailableError,
  BadUserInputError,
  ConfigError,
  CursorExpiredError,
  ForbiddenError,
  LimitExceededError,
  NotFoundError,
  PersistedQueryNotFoundError,
  RunCancelledError,
  RunConflictError,
  RunFailedError,
  ServiceError,
  StaleWriterError,
  ThreadBusyError,
  UnauthenticatedError,
  type Problem,
} from "./errors.ts";
export type { AppendPlace, EventLog, EventPage, EventRange } from "./events/event-log.ts";
export type { EventOrigin, Interrupt, RunError, RunEvent, RunStatus } from "./events/run-event.ts";
export type { Wakeups } from "./events/wakeups.ts";
export type { JsonObject, JsonValue } from "./json.ts";
export type { LimitOptions } from "./limits.ts";
export type { Logger } from "./logger.ts";
export type { Readiness } from "./readiness.ts";
export type { EngineLimits, Role } from "./runs/engine-options.ts";
export type { Redact, RedactPlace } from "./runs/redactor.ts";
export { PublicError } from "./runs/run-error.ts";
export type {
  ClaimRequest,
  CreatedRun,
  EndedFilter,
  LeaseState,
  OpenRuns,
  PageRequest,
  RenewRequest,
  RunFilter,
  RunPage,
  RunStore,
  ThreadPage,
  ViewerFilter,
} from "./runs/run-store.ts";
export type { ThreadLocks } from "./runs/thread-locks.ts";
export type { Run, RunPatch } from "./runs/run.ts";
export { defineConfig, type ProjectConfig } from "./define-config.ts";
export type { ServiceOptions } from "./service-options.ts";
export { createService, type Service } from "./service.ts";
export type { TransportLimits } from "./transports/pipeline/transport-limits.ts";
export type { TrustedDocuments } from "./transports/pipeline/trusted-documents-option.ts";
export {
  defineEvents,
  type Emitter,
  type EventSchemas,
  type WorkflowEvents,
  type WriterConfig,
} from "./workflows/define-events.ts";
export { defineWorkflow, type WorkflowDefinition } from "./workflows/define-workflow.ts";
export type { Graph } from "./workflows/graph.ts";
export type { JsonSchema } from "./workflows/json-schema.ts";
export type { AnySchema, SchemasOption } from "./workflows/schemas.ts";
export type { StandardSchemaV1 } from "./workflows/standard-schema.ts";
