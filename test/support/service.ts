import { inspect } from "node:util";
import type { WebSocket } from "ws";
import { createService, type Logger, type Service, type ServiceOptions } from "../../src/index.ts";
import { serve } from "../../src/server/index.ts";

/** A service on a free port, with a look at its side of things. */
export interface RunningService extends AsyncDisposable {
  readonly service: Service;
  /** `http://localhost:<port>/graphql` */
  readonly url: string;
  /** The same address for WebSockets. */
  readonly wsUrl: string;
  /** The server's ends of the WebSockets, oldest first; closed ones too. */
  readonly sockets: readonly WebSocket[];
  /** What it logged at `warn` and above. */
  readonly log: readonly string[];
}

/** Starts a service as a user would: `createService`, then `serve`, on port 0. */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const sockets: WebSocket[] = [];
  const log: string[] = [];
  const service = createService({ logger: loggerTo(log), ...options });
  const server = await serve({
    service: {
      ...service,
      acceptSocket(socket, request) {
        sockets.push(socket);
        service.acceptSocket(socket, request);
      },
    },
    port: 0,
    graphiql: false,
  });
  return {
    service,
    url: server.url,
    wsUrl: server.url.replace(/^http/, "ws"),
    sockets,
    log,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function loggerTo(lines: string[]): Logger {
  const keep = (fields: object, message: string): void => {
    lines.push(`${message} ${inspect(fields)}`);
  };
  return { debug: () => {}, info: () => {}, warn: keep, error: keep };
}
