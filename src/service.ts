import type { IncomingMessage } from "node:http";
import type { GraphQLSchema } from "graphql";
import { CloseCode } from "graphql-ws";
import { pino } from "pino";
import type { WebSocket } from "ws";
import { Access } from "./access/access.ts";
import { createAuthenticator } from "./access/authenticate.ts";
import { createInTime } from "./access/in-time.ts";
import { WatchTokens, type WatchToken } from "./access/watch-tokens.ts";
import { fieldConflicts } from "./api/field-conflicts.ts";
import { createSchema } from "./api/schema.ts";
import type { Backend } from "./backend.ts";
import { memory } from "./backends/memory/index.ts";
import { ConfigError, NotFoundError, ServiceStoppingError } from "./errors.ts";
import { MAX_TIMEOUT_MS, withDefaults } from "./limits.ts";
import { SECRETS, unfailing } from "./logger.ts";
import { Metrics } from "./metrics/metrics.ts";
import { readinessBy, type Readiness } from "./readiness.ts";
import { isProduction } from "./production.ts";
import type { Role } from "./runs/engine-options.ts";
import { Engine } from "./runs/engine.ts";
import { limitBodies } from "./transports/http/limit-bodies.ts";
import { DEFAULT_SERVICE_LIMITS, type ServiceOptions } from "./service-options.ts";
import { createOrigins, FOREIGN_PAGE } from "./transports/http/origins.ts";
import { withSecurityHeaders } from "./transports/http/security-headers.ts";
import { SlowReaders } from "./transports/pipeline/slow-readers.ts";
import type { TransportLimits } from "./transports/pipeline/transport-limits.ts";
import { createWebSocketTransport } from "./transports/websocket/websocket.ts";
import { createPipeline } from "./transports/pipeline/yoga.ts";
import { createWorkflows } from "./workflows/workflow.ts";

const DEFAULT_DRAIN_MS = 10_000; // 10 s

/**
 * A running service. Dispose of it to stop it: see {@link ServiceOptions.drainMs}. Watchers of runs
 * that have not ended then are cut off, so that their clients come back with their cursors; new
 * requests are answered with 503.
 */
export interface Service extends AsyncDisposable {
  /** The GraphQL schema, for your own server or for printing. */
  readonly schema: GraphQLSchema;
  readonly endpoint: string;
  /** Whether clients may come: not to a `worker`, of which `serve` shows only how it goes. */
  readonly servesClients: boolean;
  /** Whether it tells who asks: if not, everybody who reaches it is served alike. */
  readonly isAuthenticated: boolean;
  /** As given. */
  readonly allowedOrigins: readonly string[];
  /**
   * Whether a request to open a socket comes from a page that may use the API, or from no page: whoever
   * accepts sockets refuses others. Each site that is refused is logged once.
   */
  readonly letsIn: (request: IncomingMessage) => boolean;
  /** Of `ServiceOptions.limits`, those that whoever accepts sockets holds. */
  readonly limits: Pick<TransportLimits, "maxMessageBytes">;
  /** Answers GraphQL and `POST /stream/:workflow`, on any server that speaks fetch. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Serves a `ws` socket that was accepted with the subprotocol `graphql-transport-ws`. */
  readonly acceptSocket: (socket: WebSocket, request: IncomingMessage) => void;
  /**
   * Makes a token with which whoever has it may read and watch the run, whose ever it is, and nothing
   * else: for a browser that is to follow what your back end has started. `ttlSeconds` is 900 (15 min)
   * if absent, and 86,400 (a day) at most. Throws `NotFoundError` and `BadUserInputError`.
   */
  readonly createWatchToken: (request: {
    readonly runId: string;
    readonly ttlSeconds?: number | undefined;
  }) => Promise<WatchToken>;
  /**
   * What it has done and has to do, in Prometheus' text format (version 0.0.4), for whoever may know
   * the names of its workflows. All names begin with `langgraph_graphql_`.
   */
  readonly metrics: () => Promise<string>;
  /** Whether it can be asked: neither disposed of nor without its backend. Within a second. */
  readonly readiness: () => Promise<Readiness>;
}

/**
 * Serves graphs as a GraphQL API. Throws `ConfigError` when the workflows or their events do not fit
 * together; the message says what to write instead.
 */
export function createService(options: ServiceOptions): Service {
  const logger = unfailing(options.logger ?? pino({ redact: [...SECRETS] }));
  checkHooks(options);
  const endpoint = checkEndpoint(options.endpoint ?? "/graphql");
  const allowedOrigins = options.allowedOrigins ?? [];
  const exposeErrors = options.exposeErrors ?? !isProduction();
  const origins = createOrigins(allowedOrigins, logger);
  const limits = withDefaults(DEFAULT_SERVICE_LIMITS, options.limits ?? {});
  const watchTokens = new WatchTokens({ secret: options.watchTokenSecret });
  const isAuthenticated = options.authenticate !== undefined;
  const inTime = createInTime({ accessTimeoutMs: limits.accessTimeoutMs, logger });
  const authenticate = createAuthenticator(options.authenticate, watchTokens, inTime);
  const drainMs = checkDrain(options.drainMs ?? DEFAULT_DRAIN_MS);

  // graph → ingest → recorder → event log → follow
  const workflows = createWorkflows(options.workflows);
  const backend = options.backend ?? memory();
  const role = checkRole(options.role ?? "both", backend);
  const access = new Access({ isAuthenticated, authorize: options.authorize, inTime, watchTokens });
  const metrics: Metrics = new Metrics({
    openRuns: () => backend.runs.countOpen({}),
    lag: () => engine.lag(),
    sockets: () => sockets.load(),
  });
  const { telemetry } = metrics;
  const engine: Engine = new Engine({
    workflows,
    backend,
    access,
    role,
    limits,
    drainMs,
    exposeErrors,
    redact: options.redact,
    logger,
    telemetry,
  });
  // → GraphQL fields
  const { schema, names, toWorkflowInput } = createSchema(engine, logger, options.schema);
  for (const conflict of fieldConflicts(schema, names.type("WorkflowEvent"))) {
    logger.warn({}, conflict);
  }
  // → HTTP and SSE, WebSocket
  const { writeTimeoutMs } = limits;
  const slowReaders = new SlowReaders({ writeTimeoutMs, logger, telemetry });
  const pipeline = createPipeline({
    schema,
    endpoint,
    names,
    toWorkflowInput,
    origins,
    introspection: options.introspection ?? !isProduction(),
    compile: options.compile ?? true,
    trustedDocuments: options.trustedDocuments,
    limits,
    authenticate,
    slowReaders,
    logger,
    telemetry,
  });
  const fetch = limitBodies(
    (request) => pipeline.fetch(request),
    limits.maxBodyBytes,
    pipeline.fetchAPI,
  );
  const sockets = createWebSocketTransport({
    pipeline,
    authenticate,
    limits,
    slowReaders,
    logger,
    telemetry,
  });

  const letsIn: Service["letsIn"] = ({ headers }) =>
    origins.letIn({
      origin: headers.origin,
      host: headers.host,
      fetchSite: headers["sec-fetch-site"],
    });

  // Only now: nothing that could throw comes after it, and what it begins is ended by disposing.
  engine.open();
  let isStopping = false;
  return {
    schema,
    endpoint,
    servesClients: role !== "worker",
    isAuthenticated,
    allowedOrigins,
    letsIn,
    limits,
    fetch: async (request) =>
      withSecurityHeaders(isStopping ? unavailable() : await fetch(request)),
    acceptSocket: (socket, request) =>
      letsIn(request)
        ? sockets.accept(socket, request)
        : socket.close(CloseCode.Forbidden, FOREIGN_PAGE),
    async createWatchToken({ runId, ttlSeconds }) {
      const run = await backend.runs.get(runId);
      if (!run) throw new NotFoundError("Run", runId);
      return watchTokens.create(run, ttlSeconds);
    },
    metrics: () => metrics.text(),
    readiness: async () =>
      isStopping ? { isReady: false, reason: "stopping" } : readinessBy(() => backend.ping()),
    async [Symbol.asyncDispose]() {
      isStopping = true;
      // Runs first: their last events reach the watchers, whose operations then end by themselves.
      await engine[Symbol.asyncDispose]();
      await sockets[Symbol.asyncDispose]();
      slowReaders[Symbol.dispose]();
      if (!options.backend) await backend[Symbol.asyncDispose]();
    },
  };
}

function checkRole(role: Role, backend: Backend): Role {
  if (role === "both" || backend.isShared) return role;
  throw new ConfigError(
    `role: ${JSON.stringify(role)} wants a backend that several processes share: postgres() or redis()`,
  );
}

/** A hook that is there and no function, such as `null`, would fail at each request. */
function checkHooks(options: ServiceOptions): void {
  for (const name of ["authenticate", "authorize", "redact"] as const) {
    const hook: unknown = options[name];
    if (hook === undefined || typeof hook === "function") continue;
    throw new ConfigError(`${name} must be a function, not ${JSON.stringify(hook)}`);
  }
}

function checkEndpoint(endpoint: string): string {
  if (typeof endpoint === "string" && /^\/[^?#\s]*$/.test(endpoint)) return endpoint;
  throw new ConfigError(
    `endpoint must be a path such as "/graphql", not ${JSON.stringify(endpoint)}`,
  );
}

function checkDrain(drainMs: number): number {
  if (drainMs >= 0 && drainMs <= MAX_TIMEOUT_MS) return drainMs;
  throw new ConfigError(`drainMs must be from 0 to ${MAX_TIMEOUT_MS}, not ${drainMs}`);
}

function unavailable(): Response {
  const { message, extensions } = new ServiceStoppingError();
  return Response.json(
    { errors: [{ message, extensions }] },
    { status: 503, headers: { "retry-after": "1" } },
  );
}
