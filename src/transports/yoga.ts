import type { GraphQLSchema } from "graphql";
import { createYoga, type Plugin, type YogaInitialContext } from "graphql-yoga";
import type { ApiContext } from "../api/context.ts";
import type { Names } from "../api/names.ts";
import { createSubscribe, type SubscribeOptions } from "../projection/subscribe.ts";
import type { Logger } from "../logger.ts";
import { useCheckedVariables } from "./check-variables.ts";
import { createMaskError } from "./mask-error.ts";
import { useTrustedDocuments, type TrustedDocuments } from "./trusted-documents.ts";
import { useUnconditionalRoot } from "./unconditional-root.ts";
import { useMultipart } from "./multipart.ts";
import type { Pipeline, TransportContext } from "./pipeline.ts";
import { requestState } from "./request-state.ts";
import { whyReadOnly } from "./simple-request.ts";
import { useEventSource } from "./sse.ts";
import { useStreamEndpoint, type StreamEndpointOptions } from "./stream-endpoint.ts";
import { withoutInternals } from "./without-internals.ts";

export interface PipelineOptions {
  readonly schema: GraphQLSchema;
  /** Where GraphQL is, `/graphql` say; `POST /stream/:workflow` is beside it. */
  readonly endpoint: string;
  readonly names: Names;
  /** See `StreamEndpointOptions`. */
  readonly toWorkflowInput: StreamEndpointOptions["toWorkflowInput"];
  readonly allowedOrigins: readonly string[];
  /** Whether operations are compiled: see `ServiceOptions.compile`. */
  readonly compile: boolean;
  /** See `ServiceOptions.trustedDocuments`. */
  readonly trustedDocuments: TrustedDocuments | undefined;
  readonly logger: Logger;
}

export function createPipeline(options: PipelineOptions): Pipeline {
  const { schema, endpoint, names, toWorkflowInput, allowedOrigins, compile, logger } = options;
  const { trustedDocuments } = options;
  const maskError = createMaskError(logger);
  const streamEndpoint = useStreamEndpoint({
    path: endpoint.replace(/[^/]*$/, "stream"),
    names,
    toWorkflowInput,
    pipeline: () => pipeline,
  });
  const pipeline: Pipeline = createYoga<TransportContext, ApiContext>({
    schema,
    graphqlEndpoint: endpoint,
    // The page is ours; Yoga's loads its parts from a CDN.
    graphiql: false,
    landingPage: false,
    batching: false,
    multipart: false,
    logging: false,
    // To Yoga an empty list means any site.
    cors: allowedOrigins.length > 0 && { origin: [...allowedOrigins], credentials: true },
    maskedErrors: { maskError },
    plugins: [
      streamEndpoint,
      ...(trustedDocuments ? [useTrustedDocuments(trustedDocuments)] : []),
      useUnconditionalRoot(),
      useCheckedVariables(),
      useOwnSubscribe({ compile, present: (error) => withoutInternals(maskError(error)) }),
      useEventSource(),
      useMultipart(),
    ],
    context: (initial) => createContext(initial, allowedOrigins),
  });
  return pipeline;
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
  allowedOrigins: readonly string[],
): ApiContext {
  const state = requestState(request);
  return {
    viewer: null,
    operationId: operationId ?? operationIdOf(params.extensions),
    cursors: cursorsOf(request, params.extensions),
    writeForbidden: whyReadOnly(request, allowedOrigins),
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
