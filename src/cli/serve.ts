import type { Command } from "commander";
import { addServeOptions, type ServeFlags } from "./serve-options.ts";
import { untilStopped } from "./until-stopped.ts";

/** `langgraph-graphql serve`. */
export function addServeCommand(program: Command, version: string): void {
  addServeOptions(
    program.command("serve").description("serve the graphs of a langgraph.json as a GraphQL API"),
  )
    .addHelpText(
      "after",
      "\nThe first graph that fails to load ends it. While you write graphs, use dev.\n" +
        "\nExample:\n  $ langgraph-graphql serve --config ./langgraph.json --port 4000",
    )
    .action((flags: ServeFlags) => run(flags, version));
}

async function run(flags: ServeFlags, version: string): Promise<void> {
  const { loadConfig } = await import("../config/load-config.ts");
  const { createService } = await import("../service.ts");
  const { createLogger, listen } = await import("./start-server.ts");
  const logger = createLogger(flags);
  const { workflows } = await loadConfig(flags.config, { logger });
  const service = createService({ workflows, allowedOrigins: flags.origin, logger });
  const server = await listen(service, workflows, flags);
  server.announce(version);
  await untilStopped();
  console.log("Stopping: runs are cancelled; once more Ctrl-C to stop at once.");
  await server[Symbol.asyncDispose]();
  // A node that does not listen to its signal would keep the process for as long as it likes.
  process.exit();
}
