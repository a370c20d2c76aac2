import type { Command } from "commander";
import { addServeOptions, flagsOf, type ServeFlags } from "./serve-options.ts";
import { untilStopped } from "./until-stopped.ts";

/** `langgraph-graphql serve`. */
export function addServeCommand(program: Command, version: string): void {
  addServeOptions(
    program.command("serve").description("serve the graphs of a langgraph.json as a GraphQL API"),
    { drain: "10s" },
  )
    .addHelpText(
      "after",
      "\nThe first graph that fails to load ends it. While you write graphs, use dev.\n" +
        "When it is stopped, runs that have not ended go on at the next start.\n" +
        "\nExample:\n  $ langgraph-graphql serve --config ./langgraph.json --port 4000",
    )
    .action((_flags, command: Command) => run(flagsOf(command), version));
}

async function run(given: ServeFlags, version: string): Promise<void> {
  const { loadConfig } = await import("../config/load-config.ts");
  const { openBackend } = await import("./open-backend.ts");
  const { createService } = await import("../service.ts");
  const { createLogger, listen, serviceOptions } = await import("./start-server.ts");
  const { loadProject } = await import("./project/load-project.ts");
  const { withProject } = await import("./project/with-project.ts");
  const loadLogger = createLogger(given);
  const { workflows } = await loadConfig(given.config, { logger: loadLogger });
  const settings = withProject(given, await loadProject(given.config));
  const { flags } = settings;
  const prefix = settings.service.schema?.prefix;
  const logger = createLogger(flags);
  const opened = await openBackend(flags);
  const service = createService({ ...serviceOptions(settings, opened), workflows, logger });
  const server = await listen({ service, workflows, opened, flags, prefix });
  server.announce(version);
  await untilStopped(flags);
  await server[Symbol.asyncDispose]();
  // A node that does not listen to its signal would keep the process for as long as it likes.
  process.exit();
}
