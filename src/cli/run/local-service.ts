import { useProjectCopies } from "../../config/project-copies.ts";

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A server of one's own. Dispose of it to end its runs. */
export interface LocalService extends AsyncDisposable {
  readonly url: string;
}

/** Serves the workflows of a langgraph.json to this machine, on a free port and without a word. */
export async function startLocalService(config: string): Promise<LocalService> {
  await useProjectCopies(config);
  // Only now: these import LangGraph.
  const { loadConfig } = await import("../../config/load-config.ts");
  const { createService } = await import("../../service.ts");
  const { serve } = await import("../../server/serve.ts");
  const { workflows } = await loadConfig(config);
  const service = createService({ workflows, logger: SILENT, exposeErrors: true });
  const server = await serve({ service, host: "127.0.0.1", port: 0, graphiql: false });
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
