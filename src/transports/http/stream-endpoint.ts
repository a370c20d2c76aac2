import { GraphQLError, type ExecutionResult } from "graphql";
import type { Plugin } from "graphql-yoga";
import type { Names } from "../../api/names.ts";
import { BadUserInputError, NotFoundError, type ServiceError } from "../../errors.ts";
import type { JsonObject, JsonValue } from "../../json.ts";
import type { CursorExtensions, Format } from "../../projection/frame.ts";
import { Subscription } from "../../projection/subscription.ts";
import { eventSourceResponse, idLine } from "./event-source-response.ts";
import { httpHeadersOf, httpStatusOf } from "./http-status.ts";
import { requestState } from "../pipeline/request-state.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { SlowReaders } from "../pipeline/slow-readers.ts";
import { withoutInternals } from "../pipeline/without-internals.ts";

export interface StreamEndpointOptions {
  /** Where it is: `/stream` for `POST /stream/:workflow`. */
  readonly path: string;
  readonly names: Names;
  /** What `WorkflowInput` takes for a workflow's input in JSON; `undefined` if there is no such workflow. */
  readonly toWorkflowInput: (workflow: string, input: JsonValue) => JsonObject | undefined;
  /** The pipeline that this plugin becomes a part of. */
  readonly pipeline: () => Pipeline;
  readonly slowReaders: SlowReaders;
}

/**
 * `POST /stream/:workflow`, for clients that do not speak GraphQL: the inputs as a JSON body, and
 * the events as server-sent `{ mode, data }` frames, as LangGraph's own streams have them. It is an
 * operation like any other, so all rules hold for it.
 */
export function useStreamEndpoint(options: StreamEndpointOptions): Plugin {
  const query = writeQuery(options.names);
  return {
    async onRequest({ request, url, fetchAPI, endResponse }) {
      const workflow = workflowIn(url.pathname, options.path);
      if (workflow === undefined) return;
      if (request.method === "OPTIONS") return;
      if (request.method !== "POST") {
        return endResponse(
          new fetchAPI.Response(null, { status: 405, headers: { allow: "POST" } }),
        );
      }
      const refuse = (errors: readonly GraphQLError[]): void =>
        endResponse(
          fetchAPI.Response.json(
            { errors: errors.map(withoutInternals) },
            { status: httpStatusOf(errors), headers: httpHeadersOf(errors) },
          ),
        );
      const body = await readBody(request);
      if (body == null) {
        return refuse([
          toGraphQLError(new BadUserInputError("The body must be the inputs, as JSON")),
        ]);
      }
      const input = options.toWorkflowInput(workflow, body);
      if (!input) return refuse([toGraphQLError(new NotFoundError("Workflow", workflow))]);
      requestState(request).isStreamEndpoint = true;
      const params = { query, variables: { input } };
      const result: unknown = await options
        .pipeline()
        .getResultForParams({ params, request }, { request, params } as never);
      if (!(result instanceof Subscription))
        return refuse((result as ExecutionResult).errors ?? []);
      endResponse(eventSourceResponse(request, result, FORMAT, fetchAPI, options.slowReaders));
    },
  };
}

function writeQuery(names: Names): string {
  return `subscription Stream($input: ${names.type("WorkflowInput")}!) {
    event: ${names.rootField("runWorkflow")}(input: $input) {
      ... on ${names.type("WrittenEvent")} { payload }
      ... on ${names.type("StateUpdate")} { node changes }
    }
  }`;
}

interface StreamResult {
  readonly event: {
    readonly payload?: unknown;
    readonly node?: string;
    readonly changes?: unknown;
  };
}

const FORMAT: Format = { name: "stream", write: writeFrame };

function writeFrame(result: ExecutionResult, at: CursorExtensions | undefined): string {
  const id = idLine(at);
  if (result.errors) {
    const [error] = result.errors;
    return `${id}event: error\ndata: ${JSON.stringify({ message: error?.message, ...error?.extensions })}\n\n`;
  }
  const { event } = result.data as unknown as StreamResult;
  const frame =
    event.node === undefined
      ? { mode: "custom", data: event.payload }
      : { mode: "updates", data: { [event.node]: event.changes } };
  return `${id}data: ${JSON.stringify(frame)}\n\n`;
}

/** The workflow that the address names. */
function workflowIn(pathname: string, path: string): string | undefined {
  if (!pathname.startsWith(`${path}/`)) return undefined;
  try {
    return decodeURIComponent(pathname.slice(path.length + 1));
  } catch {
    return undefined;
  }
}

/** JSON, or `undefined`. */
async function readBody(request: Request): Promise<JsonValue | undefined> {
  try {
    return (await request.json()) as JsonValue;
  } catch {
    return undefined;
  }
}

function toGraphQLError(error: ServiceError): GraphQLError {
  return new GraphQLError(error.message, { originalError: error, extensions: error.extensions });
}
