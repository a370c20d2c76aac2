import { randomUUID } from "node:crypto";
import {
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
} from "@opentelemetry/api";

/** Of whatever provider is set; spans of none are made for nobody, and cost next to nothing. */
const tracer = trace.getTracer("langgraph-graphql");

/** Tells this process from others. */
const PROCESS = randomUUID();

/** In whose course something was asked for: kept with a run until it is executed. */
export interface TraceOrigin {
  /** As in the HTTP header (W3C Trace Context). */
  readonly traceparent: string;
  readonly process: string;
}

/** The span that is active now, to be kept; `undefined` where nothing is traced. */
export function traceOrigin(): TraceOrigin | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  if (!active || !isSpanContextValid(active)) return undefined;
  const flags = active.traceFlags.toString(16).padStart(2, "0");
  return { traceparent: `00-${active.traceId}-${active.spanId}-${flags}`, process: PROCESS };
}

/** An operation, as its span tells of it. */
export interface TracedOperation {
  readonly name: string | undefined;
  readonly kind: string;
  readonly transport: string;
  readonly headers: Headers;
}

/**
 * The span of an operation: a child of what is active, such as the request's span by an
 * instrumentation of HTTP, or else of what its headers name. `undefined` where nothing is traced.
 */
export function startOperation(operation: TracedOperation): Span | undefined {
  const { name, kind, transport, headers } = operation;
  const attributes: Attributes = {
    "graphql.operation.type": kind,
    ...(name !== undefined && { "graphql.operation.name": name }),
    "langgraph.transport": transport,
  };
  const title = name === undefined ? kind : `${kind} ${name}`;
  const options = { kind: SpanKind.SERVER, attributes };
  return tracedOnly(tracer.startSpan(title, options, parentOf(transport, headers)));
}

/** One execution of a run, as its span tells of it. */
export interface TracedRun {
  readonly id: string;
  readonly workflow: string;
  readonly attempt: number;
  readonly origin: TraceOrigin | undefined;
}

/**
 * The span of one execution of a run: a child of the operation that asked for it, if that was in this
 * process, and linked to it otherwise. `undefined` where nothing is traced.
 */
export function startRun({ id, workflow, attempt, origin }: TracedRun): Span | undefined {
  const asked = origin && parse(origin.traceparent);
  const isOurs = origin?.process === PROCESS;
  const attributes: Attributes = {
    "langgraph.workflow": workflow,
    "langgraph.run_id": id,
    "langgraph.attempt": attempt,
  };
  const options = { attributes, ...(asked && !isOurs && { links: [{ context: asked }] }) };
  const parent = asked && isOurs ? trace.setSpanContext(ROOT_CONTEXT, asked) : ROOT_CONTEXT;
  return tracedOnly(tracer.startSpan(`run ${workflow}`, options, parent));
}

/** The span of one try of a node: a child of what is active, its run or the node around it. */
export function startNode(node: string, attributes: Attributes): Span {
  return tracer.startSpan(`node ${node}`, { attributes });
}

/** Does `work`, and what it sets going, with the span active. */
export function inSpan<T>(span: Span | undefined, work: () => T): T {
  return span ? context.with(trace.setSpan(context.active(), span), work) : work();
}

/** Does `work`, and what it sets going, in the course of nothing. */
export function untraced<T>(work: () => T): T {
  return context.with(ROOT_CONTEXT, work);
}

/** Notes on the span what went wrong. */
export function noteError(span: Span | undefined, error: unknown): void {
  const cause = error instanceof Error ? error : new Error(String(error));
  span?.recordException(cause);
  span?.setStatus({ code: SpanStatusCode.ERROR, message: cause.message });
}

function tracedOnly(span: Span): Span | undefined {
  return isSpanContextValid(span.spanContext()) ? span : undefined;
}

/** What is active while a socket is read is of who opened it, long ago perhaps. */
function parentOf(transport: string, headers: Headers): Context {
  const active = context.active();
  if (transport !== "websocket" && trace.getSpan(active)) return active;
  return propagation.extract(ROOT_CONTEXT, headers, {
    keys: (from) => [...from.keys()],
    get: (from, name) => from.get(name) ?? undefined,
  });
}

function parse(traceparent: string): SpanContext | undefined {
  const [, traceId, spanId, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}
