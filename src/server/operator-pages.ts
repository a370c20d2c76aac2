import type { Service } from "../service.ts";

export interface OperatorPagesOptions {
  readonly service: Pick<Service, "metrics" | "readiness">;
  /** Whether anybody who asks for `/metrics` gets them. */
  readonly metrics: boolean;
  /** Whether the server is about to stop. */
  readonly isStopping: () => boolean;
}

/** Answers what operators' tools ask for; `undefined` for any other request. */
export type OperatorPages = (request: Request) => Promise<Response | undefined>;

/**
 * `/healthz` is 200 for as long as this process answers, `/readyz` as long as it can be sent new
 * clients, and `/metrics` is for Prometheus. Nobody is asked who they are: the first two say next to
 * nothing.
 */
export function createOperatorPages(options: OperatorPagesOptions): OperatorPages {
  const { service, metrics, isStopping } = options;
  const pages: Readonly<Record<string, () => Promise<Response>>> = {
    "/healthz": async () => Response.json({ status: "ok" }, { headers: HEADERS }),
    "/readyz": async () => {
      const readiness = isStopping() ? STOPPING : await service.readiness();
      return readiness.isReady
        ? Response.json({ status: "ready" }, { headers: HEADERS })
        : Response.json(
            { status: "unavailable", reason: readiness.reason },
            { status: 503, headers: HEADERS },
          );
    },
    "/metrics": async () =>
      metrics
        ? new Response(await service.metrics(), {
            headers: { ...HEADERS, "content-type": "text/plain; version=0.0.4; charset=utf-8" },
          })
        : new Response("Metrics are off: serve with --metrics, or `metrics: true`\n", {
            status: 404,
            headers: HEADERS,
          }),
  };
  return async ({ method, url }) => {
    const { pathname } = new URL(url);
    if (!Object.hasOwn(pages, pathname)) return undefined;
    if (method === "GET" || method === "HEAD") return pages[pathname]?.();
    return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
  };
}

const STOPPING = { isReady: false, reason: "stopping" } as const;

const HEADERS = { "cache-control": "no-store" };
