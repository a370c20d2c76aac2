import type { GraphQLSchema } from "graphql";
import { createYoga, type CORSOptions, type Plugin, type YogaInitialContext } from "graphql-yoga";
import type { Authenticator } from "../../access/authenticate.ts";
import type { ApiContext } from "../../api/context.ts";
import type { Names } from "../../api/names.ts";
import { ForbiddenError } from "../../errors.ts";
import { createSubscribe, type SubscribeOptions } from "../../projection/subscribe.ts";
import type { Logger } from "../../logger.ts";
import type { Telemetry } from "../../telemetry.ts";
import { createAdmission } from "./admission.ts";
import { useAuthentication } from "./authentication.ts";
import { useCheckedVariables } from "./check-variables.ts";
import { DocumentCache } from "./document-cache.ts";
import { useCostLimit, useDocumentLimits } from "./document-limits.ts";
import { useHiddenSchema } from "./hidden-schema.ts";
import { createMaskError } from "./mask-error.ts";
import type { TransportLimits } from "./transport-limits.ts";
import type { TrustedDocuments } from "./trusted-documents-option.ts";
import { useTrustedDocuments } from "./trusted-documents.ts";
import { FOREIGN_PAGE, type Origins } from "../http/origins.ts";
import { useShownRunOnly } from "./shown-run-only.ts";
import { useUrlParameters } from "../http/url-parameters.ts";
import { useUnconditionalRoot } from "./unconditional-root.ts";
import { useMultipart } from "../http/multipart.ts";
import { useOperationTrace } from "./operation-trace.ts";
import { useOperationLog, type OperationFields } from "./operation-log.ts";
import type { Pipeline, TransportContext } from "./pipeline.ts";
import { requestState } from "./request-state.ts";
import { pageHeadersOf, whyReadOnly } from "../http/simple-request.ts";
import { useEventSource } from "../http/sse.ts";
import type { SlowReaders } from "./slow-readers.ts";
import { useStreamEndpoint, type StreamEndpointOptions } from "../http/stream-endpoint.ts";
import { withoutInternals } from "./without-internals.ts";

export interface PipelineOptions {
  readonly schema: GraphQLSchema;
  /** Where GraphQL is, `/graphql` say; `POST /stream/:workflow` is beside it. */
  readonly endpoint: string;
  readonly names: Names;
  /** See `StreamEndpointOptions`. */
  readonly toWorkflowInput: StreamEndpointOptions["toWorkflowInput"];
  readonly origins: Origins;
  /** See `ServiceOptions.introspection`. */
  readonly introspection: boolean;
  /** Whether operations are compiled: see `ServiceOptions.compile`. */
  readonly compile: boolean;
  /** See `ServiceOptions.trustedDocuments`. */
  readonly trustedDocuments: TrustedDocuments | undefined;
  readonly limits: TransportLimits;
  readonly authenticate: Authenticator;
  readonly slowReaders: SlowReaders;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
}

export function createPipeline(options: PipelineOptions): Pipeline {
  const { schema, endpoint, names, toWorkflowInput, origins, introspection } = options;
  const { authenticate, compile, trustedDocuments, limits } = options;
  const { slowReaders, logger, telemetry } = options;
  const maskError = createMaskError(logger, telemetry);
  /** In which operations errors came up that are about to be masked. */
  const operationOf = new WeakMap<object, OperationFields>();
  const streamEndpoint = useStreamEndpoint({
    path: endpoint.replace(/[^/]*$/, "stream"),
    names,
    toWorkflowInput,
    pipeline: () => pipeline,
    slowReaders,
  });
  const pipeline: Pipeline = createYoga<TransportContext, ApiContext>({
    schema,
    graphqlEndpoint: endpoint,
    // The page is ours; Yoga's loads its parts from a CDN.
    graphiql: false,
    landingPage: false,
    batching: false,
    // Held before a request comes here: see `limitBodies`.
    maxRequestBodySize: false,
    multipart: false,
    logging: false,
    parserAndValidationCache: {
      documentCache: new DocumentCache(),
      errorCache: new DocumentCache(),
    },
    cors: (request) => corsFor(request, origins),
    maskedErrors: { maskError: (error) => maskError(error, operationOf.get(error as object)) },
    plugins: [
      useOperationLog({
        logger,
        onError: (error, operation) => void operationOf.set(error, operation),
      }),
      useOrigins(origins),
      useAuthentication(authenticate, maskError),
      streamEndpoint,
      useUrlParameters(),
      ...(trustedDocuments ? [useTrustedDocuments(trustedDocuments)] : []),
      ...useDocumentLimits(limits),
      useUnconditionalRoot(),
      useShownRunOnly(),
      ...(introspection ? [] : [useHiddenSchema()]),
      useCheckedVariables({ suggests: introspection }),
      useCostLimit(limits),
      useOwnSubscribe({
        compile,
        present: (error, where) => withoutInternals(maskError(error, where)),
        telemetry,
        admit: createAdmission(limits),
      }),
      useEventSource(slowReaders),
      useMultipart(slowReaders),
      useOperationTrace(),
    ],
    context: (initial) => createContext(initial, origins),
  });
  return pipeline;
}

/** Refuses what comes from pages of other sites, unless they are allowed: reading, too. */
function useOrigins(origins: Origins): Plugin {
  const { code } = new ForbiddenError(FOREIGN_PAGE);
  return {
    onRequest({ request, fetchAPI, endResponse }) {
      // What a browser asks before it asks: without our word it goes no further.
      if (request.method === "OPTIONS" || origins.letIn(pageHeadersOf(request))) return;
      const errors = [{ message: FOREIGN_PAGE, extensions: { code } }];
      endResponse(fetchAPI.Response.json({ errors }, { status: 403 }));
    },
  };
}

/** Pages of allowed sites may read the answers, whoever is logged in; of other sites none may. */
function corsFor(request: Request, origins: Origins): CORSOptions {
  const origin = request.headers.get("origin");
  if (origin === null || !origins.isAllowed(origin)) return false;
  // Twice, since Yoga does not tell caches that answers vary by an origin that is the only one.
  return { origin: [origin, origin], credentials: true };
}

function useOwnSubscribe(options: SubscribeOptions): Plugin {
  const subscribe = createSubscribe(options);
  return {
    onSubscribe({ setSubscribeFn }) {
      // What it resolves with is for our transports; Yoga, which expects an iterable, lets it pass.
      setSubscribeFn(subscribe as never);
    },
  };
}

function createContext(
  { request, params, operationId }: YogaInitialContext & TransportContext,
  origins: Origins,
): ApiContext {
  const state = requestState(request);
  return {
    caller: state.caller,
    operationId: operationId ?? operationIdOf(params.extensions),
    cursors: cursorsOf(request, params.extensions),
    writeForbidden: whyReadOnly(request, origins),
    wantsTicks: true,
    onPastEnd: () => {
      state.isPastEnd = true;
    },
  };
}

/** The cursors that came beside the operation's own arguments; what is none is refused as one. */
function cursorsOf(request: Request, extensions: Record<string, unknown> | undefined): string[] {
  const lastEventId = request.headers.get("last-event-id");
  const resume = extensions?.["resume"] as { readonly cursor?: unknown } | null | undefined;
  return [
    ...(lastEventId ? [lastEventId] : []),
    ...(resume == null ? [] : [asText(resume.cursor ?? resume)]),
  ];
}

/** What a client that is not on a WebSocket names its operation with when it asks again. */
function operationIdOf(extensions: Record<string, unknown> | undefined): string | undefined {
  const id = extensions?.["operationId"];
  return typeof id === "string" ? id : undefined;
}

function asText(cursor: unknown): string {
  return typeof cursor === "string" ? cursor : JSON.stringify(cursor);
}
