import { DEFAULT_ACCESS_LIMITS, type AccessLimits } from "./access/access-limits.ts";
import type { Authenticate } from "./access/authenticate.ts";
import type { Authorize } from "./access/authorize.ts";
import type { SchemaOptions } from "./api/schema-options.ts";
import type { Backend } from "./backend.ts";
import type { LimitOptions } from "./limits.ts";
import type { Logger } from "./logger.ts";
import { DEFAULT_LIMITS, type EngineLimits, type Role } from "./runs/engine-options.ts";
import type { Redact } from "./runs/redactor.ts";
import {
  DEFAULT_TRANSPORT_LIMITS,
  type TransportLimits,
} from "./transports/pipeline/transport-limits.ts";
import type { TrustedDocuments } from "./transports/pipeline/trusted-documents-option.ts";
import type { WorkflowDefinition } from "./workflows/define-workflow.ts";
import type { Graph } from "./workflows/graph.ts";

/** All bounds that a service has. */
export type ServiceLimits = EngineLimits & AccessLimits & TransportLimits;

export const DEFAULT_SERVICE_LIMITS: ServiceLimits = {
  ...DEFAULT_LIMITS,
  ...DEFAULT_ACCESS_LIMITS,
  ...DEFAULT_TRANSPORT_LIMITS,
};

/** What `createService` takes; of all of it only `workflows` must be there. */
export interface ServiceOptions {
  /** Name → what {@link defineWorkflow} makes, or a compiled graph. */
  readonly workflows: Readonly<Record<string, WorkflowDefinition | Graph>>;
  /**
   * Where runs and events live. You made it, so you dispose of it.
   * @default memory(), which the service disposes of
   */
  readonly backend?: Backend | undefined;
  /**
   * What this process does where several share a backend: `gateway` serves clients and executes
   * nothing, `worker` executes runs, whoever started them, and serves nobody. Only `postgres()` and
   * `redis()` can be shared.
   * @default "both"
   */
  readonly role?: Role | undefined;
  /**
   * How long runs may take to come to their next superstep when the service is disposed of, in
   * milliseconds; 0 aborts them at once. For a backend that outlives the process: with it, a run that
   * has not ended by then goes on at the next start. With `memory()` it is cancelled.
   * @default 10_000
   */
  readonly drainMs?: number | undefined;
  /** Where GraphQL is. @default "/graphql" */
  readonly endpoint?: string | undefined;
  readonly schema?: SchemaOptions | undefined;
  /** Bounds; those left out have their defaults, and `false` switches one off. */
  readonly limits?: LimitOptions<ServiceLimits> | undefined;
  /**
   * Tells who asks, on every transport alike; nobody else gets in. Runs and threads belong to whoever
   * started them, and do not exist for others. `jwt` and `apiKeys` are ready ones.
   * @default nobody is identified, and all runs are everybody's
   */
  readonly authenticate?: Authenticate | undefined;
  /** Whether a viewer may do something: see {@link Authorize}. @default everything with what is theirs */
  readonly authorize?: Authorize | undefined;
  /**
   * What watch tokens are signed with: 32 bytes at least, and for nothing else. Several processes, and
   * one that starts again, read each other's only if they have the same.
   * @default random
   */
  readonly watchTokenSecret?: string | Uint8Array | undefined;
  /**
   * Other sites whose pages may use the API, with their visitors' cookies: `https://app.example.com`.
   * Those of the server's own origin always may, and programs.
   * @default none
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /**
   * Whether clients see the messages of errors that nodes throw. Those of `PublicError` they always see.
   * @default true unless `NODE_ENV` is `production`
   */
  readonly exposeErrors?: boolean | undefined;
  /**
   * Takes out of payloads, states, messages, inputs, outputs and interrupts what their viewer is not to
   * see, whatever transport or field they leave by: of what is sent, not of what is stored.
   * @default nothing is taken out
   */
  readonly redact?: Redact | undefined;
  /**
   * Whether clients may ask for the schema with `__schema` and `__type`. If not, errors suggest no names
   * either; `__typename` always works.
   * @default true unless `NODE_ENV` is `production`
   */
  readonly introspection?: boolean | undefined;
  /**
   * Whether the selections of subscriptions are compiled before they are executed for each event; if
   * not, graphql-js interprets them each time. The results are the same.
   * @default true
   */
  readonly compile?: boolean | undefined;
  /**
   * Documents that clients name by an id, and by default nothing else is executed.
   * @default none: clients send their documents
   */
  readonly trustedDocuments?: TrustedDocuments | undefined;
  /**
   * A pino logger, or anything like one. Throwing from it changes nothing.
   * @default pino at level `info`, to stdout
   */
  readonly logger?: Logger | undefined;
}
