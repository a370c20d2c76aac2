import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { fetchHere } from "./fetch-here.ts";

/** LangGraph's JavaScript server may read types from source code, which takes it seconds. */
const TIMEOUT_MS = 30_000;

const Schema = z.record(z.string(), z.unknown()).nullish();

/** What a LangGraph server says of a graph: JSON Schemas, where it knows them. */
const AssistantSchemas = z.object({
  graph_id: z.string(),
  input_schema: Schema,
  output_schema: z.looseObject({ properties: Schema }).nullish(),
  state_schema: Schema,
  context_schema: Schema,
  /** Of servers that do not tell it from the context. */
  config_schema: Schema,
});

const Assistants = z.array(z.object({ graph_id: z.string() }));

export type AssistantSchemas = Readonly<z.infer<typeof AssistantSchemas>>;

export interface LanggraphServerOptions {
  /** Without a slash at its end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What error messages begin with. */
  readonly culprit: string;
}

/** A response that was read to its end. */
interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly text: string;
}

/**
 * The few requests that a start makes to a LangGraph server: without the retries of LangGraph's own
 * client, so that what is wrong is said at once.
 */
export class LanggraphServer {
  readonly #options: LanggraphServerOptions;

  constructor(options: LanggraphServerOptions) {
    this.#options = options;
  }

  /**
   * `undefined` if the server fails to tell: LangGraph's JavaScript server does on graphs whose
   * schemas it cannot read. Rejects with `ConfigError` if it cannot be reached, does not let us in,
   * has no such graph, or is no LangGraph server.
   */
  async schemasOf(graphId: string): Promise<AssistantSchemas | undefined> {
    const answer = await this.#fetch(`/assistants/${encodeURIComponent(graphId)}/schemas`);
    if (answer.ok) return this.#parse(AssistantSchemas, answer);
    if (answer.status >= 500) return undefined;
    const { culprit, url } = this.#options;
    throw new ConfigError(`${culprit}: ${url} ${await this.#explain(answer, graphId)}`);
  }

  async #fetch(
    path: string,
    init: Pick<RequestInit, "method" | "body"> & { readonly headers?: object } = {},
  ): Promise<Answer> {
    const { culprit, url, headers } = this.#options;
    try {
      const response = await fetchHere(url + path, {
        ...init,
        headers: { ...headers, ...init.headers },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { ok: response.ok, status: response.status, text: await response.text() };
    } catch (error) {
      const { cause, message } = error as Error;
      const reason = cause instanceof Error ? cause.message || cause.name : message;
      throw new ConfigError(
        `${culprit}: ${url} cannot be reached (${reason}): start the LangGraph server there, or ` +
          "correct the url",
        { cause: error },
      );
    }
  }

  #parse<T>(type: z.ZodType<T>, { text }: Answer): T {
    try {
      return type.parse(JSON.parse(text));
    } catch (error) {
      const { culprit, url } = this.#options;
      throw new ConfigError(
        `${culprit}: ${url} does not answer as a LangGraph server does, but ` +
          `${JSON.stringify(text.slice(0, 60))}: correct the url`,
        { cause: error },
      );
    }
  }

  async #explain({ status, text }: Answer, graphId: string): Promise<string> {
    switch (status) {
      case 401:
      case 403:
        return `does not let us in (${status}): give its "apiKey" or "headers"`;
      case 404:
      // Of a server that takes any other name for an id.
      case 422: {
        const others = (await this.#graphIds()).join(", ") || "none that it tells of";
        return `has no graph ${JSON.stringify(graphId)}; it has ${others}`;
      }
      default:
        return `answers ${status}: ${text.slice(0, 200)}`;
    }
  }

  async #graphIds(): Promise<readonly string[]> {
    const answer = await this.#fetch("/assistants/search", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ limit: 100 }),
    });
    if (!answer.ok) return [];
    return [...new Set(this.#parse(Assistants, answer).map(({ graph_id }) => graph_id))];
  }
}
