/**
 * The program that `dev` runs anew after each change: serves the graphs that it can, and reports the
 * others. A child process, since a module once imported stays as it is.
 */
import type { GraphFailure } from "../../config/load-config.ts";
import { ConfigError } from "../../errors.ts";
import { HOPELESS, STOP, type DevOptions, type Listening } from "./messages.ts";

const { flags: given, version } = JSON.parse(process.argv[2] ?? "") as DevOptions;

const stopped = new Promise<void>((resolve) => {
  process.on("message", (message) => message === STOP && resolve());
});
// The channel closes when the supervisor dies: of a second Ctrl-C, or killed. Runs take it as a crash.
process.once("disconnect", () => process.exit());
// A terminal sends it to both; the supervisor decides.
process.on("SIGINT", () => undefined);
// While modules still load, there is nothing to end in good order.
let end: () => PromiseLike<void> = async () => undefined;
void stopped.then(() => end()).finally(() => process.exit());

try {
  const { useProjectCopies } = await import("../../config/project-copies.ts");
  await useProjectCopies(given.config);
  const { loadConfig } = await import("../../config/load-config.ts");
  const { createFittingService } = await import("./fitting-service.ts");
  const { openBackend } = await import("../open-backend.ts");
  const { createLogger, listen, serviceOptions } = await import("../start-server.ts");
  const { loadProject } = await import("../project/load-project.ts");
  const { withProject } = await import("../project/with-project.ts");
  const loadLogger = createLogger(given);
  const loaded = await loadConfig(given.config, { keepGoing: true, logger: loadLogger });
  const settings = withProject(given, await loadProject(given.config));
  const { flags } = settings;
  const prefix = settings.service.schema?.prefix;
  const logger = createLogger(flags);
  loaded.failures.forEach(report);
  if (loaded.failures.length > 0 && Object.keys(loaded.workflows).length === 0) {
    throw new ConfigError("None of the graphs loads");
  }
  const opened = await openBackend(flags).catch(giveUp);
  const { service, workflows } = await createFittingService({
    ...serviceOptions(settings, opened),
    workflows: loaded.workflows,
    logger,
    onFailure: report,
  });
  const server = await listen({ service, workflows, opened, flags, prefix }).catch(giveUp);
  end = () => server[Symbol.asyncDispose]();
  server.announce(version);
  process.send?.({ port: server.port, drain: flags.drain } satisfies Listening);
} catch (error) {
  console.error(error instanceof ConfigError ? `error: ${error.message}` : error);
  process.exit(process.exitCode ?? 1);
}

function giveUp(error: unknown): never {
  process.exitCode = HOPELESS;
  throw error;
}

function report({ error }: GraphFailure): void {
  console.error(`error: ${error.message}\n`);
}
