/** For programs that talk to the API, in browsers too: it knows nothing of the server. */
export { watchConnection, withConnection } from "./connection.ts";
export { eventSourceUrl, type EventSourceUrlOptions } from "./event-source-url.ts";
export type { RequestOptions } from "./event-stream-request.ts";
export { received, type Received } from "./received.ts";
export { reconnectOptions } from "./reconnect-options.ts";
export { reduceRun, runReducer, type ArrivedResult, type RunReducerOptions } from "./reduce-run.ts";
export { OperationRefusedError } from "./refused-error.ts";
export type { Operation, OperationResult, ResultError } from "./result.ts";
export { resumable, type ResumableOptions } from "./resumable.ts";
export type { ReloadOptions, StorageLike } from "./run-memory.ts";
export {
  initialRunView,
  type AnyEvent,
  type ConnectionState,
  type ErrorView,
  type MessageView,
  type ProgressView,
  type RunStatus,
  type RunView,
  type TaskView,
} from "./run-view.ts";
export { subscribeByFetch, type FetchSubscriptionOptions } from "./subscribe-by-fetch.ts";
