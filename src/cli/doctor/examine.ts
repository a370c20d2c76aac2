import { createServer } from "node:net";
import { once } from "node:events";
import { createNames } from "../../api/names.ts";
import { loadConfig, type LoadedConfig } from "../../config/load-config.ts";
import type { Logger } from "../../logger.ts";
import { isProduction } from "../../production.ts";
import { exposureOf, isLoopback } from "../../server/exposure.ts";
import { createService, type Service } from "../../service.ts";
import { openBackend } from "../open-backend.ts";
import { loadProject, type Project } from "../project/load-project.ts";
import { withProject, type Settings } from "../project/with-project.ts";
import { untypedPlaces } from "../schema/untyped-places.ts";
import type { ServeFlags } from "../serve-options.ts";
import { ok, problem, problemOf, warning, type Finding } from "./check.ts";

/** So many places without types are named. */
const MAX_PLACES = 5;

/** Looks at what `serve` would serve, and how; tells each thing as soon as it is known. */
export async function* examine(flags: ServeFlags): AsyncGenerator<Finding, void> {
  const warnings: string[] = [];
  const logger = listening(warnings);
  let loaded: LoadedConfig = { workflows: {}, failures: [] };
  try {
    loaded = await loadConfig(flags.config, { keepGoing: true, logger });
  } catch (error) {
    yield problemOf("workflows", error);
  }
  for (const { workflow, error } of loaded.failures) yield problemOf(`workflow ${workflow}`, error);

  let project: Project = { file: null, config: {} };
  try {
    project = await loadProject(flags.config);
    yield ok("configuration", project.file ?? "none: flags, the environment and defaults decide");
  } catch (error) {
    yield problemOf("configuration", error);
  }
  const settings = withProject(flags, project);
  const service = yield* examineWorkflows(loaded.workflows, settings, logger);
  for (const text of warnings) yield warning("workflows", text);
  if (service) {
    yield* examineExposure(settings, service);
    await service[Symbol.asyncDispose]();
  }
  yield* examineBackend(settings.flags);
  yield await examinePort(settings.flags);
}

/** Makes the service that would be served, without a look at any run; it is the caller's to dispose of. */
async function* examineWorkflows(
  workflows: LoadedConfig["workflows"],
  { service: options }: Settings,
  logger: Logger,
): AsyncGenerator<Finding, Service | undefined> {
  const names = Object.keys(workflows);
  if (names.length === 0) return undefined;
  let service: Service;
  try {
    // In memory: what the real backend holds would be taken up.
    service = createService({ ...options, role: undefined, workflows, logger });
  } catch (error) {
    yield problemOf("workflows", error);
    return undefined;
  }
  yield ok("workflows", names.join(", "));
  const places = untypedPlaces(service.schema, createNames(options.schema?.prefix));
  if (places.length === 0) yield ok("types", "all of the workflows' data is typed");
  else {
    const named = places.slice(0, MAX_PLACES).map(({ path, fix }) => `${path}: ${fix}`);
    const more = places.length > MAX_PLACES ? [`and ${places.length - MAX_PLACES} more`] : [];
    yield warning(
      "types",
      [`JSON, and no types, in ${places.length} places`, ...named, ...more].join("\n"),
    );
  }
  return service;
}

function* examineExposure(
  { flags, service: options }: Settings,
  service: Service,
): Generator<Finding, void> {
  const { host, allowUnauthenticated = false, graphiql, introspection, origin } = flags;
  const { isAuthenticated } = service;
  try {
    const exposure = exposureOf({ isAuthenticated, host, allowUnauthenticated });
    yield exposure === "anybody" && !isLoopback(host)
      ? warning("access", `whoever reaches ${host} may start, read and cancel all runs`)
      : ok("access", exposure === "authenticated" ? "authenticated" : `only by ${exposure}`);
  } catch (error) {
    yield problemOf("access", error);
  }
  const isOpen = !isLoopback(host);
  if (isOpen && !isProduction()) {
    yield warning(
      "production",
      "NODE_ENV is not production: GraphiQL, the schema and the messages of errors are shown to all",
    );
  }
  if (isProduction() && graphiql === true && introspection !== true) {
    yield warning("graphiql", "it knows no schema without introspection: turn both on, or none");
  }
  if (isProduction() && options.exposeErrors === true) {
    yield warning("exposeErrors", "clients see what nodes throw: throw PublicError where they may");
  }
  const plain = origin.filter(
    (one) => one.startsWith("http:") && !isLoopback(new URL(one).hostname),
  );
  if (plain.length > 0) {
    yield warning(
      "origins",
      `${plain.join(", ")}: what is sent to pages without TLS others can read`,
    );
  }
}

async function* examineBackend(flags: ServeFlags): AsyncGenerator<Finding, void> {
  // What a backend warns of when it is opened it also tells when it is asked.
  process.removeAllListeners("warning");
  try {
    const { backend, place, unfinished } = await openBackend(flags);
    try {
      await backend.ping();
      const kept = `${Math.ceil((await backend.storedBytes()) / 1024 ** 2)} MiB`;
      yield place === null
        ? warning("data", "kept in memory: runs end with the process")
        : ok("data", `${place}, ${kept}, ${unfinished} unfinished runs`);
      for (const text of (await backend.diagnose?.()) ?? []) yield warning("data", text);
    } finally {
      await backend[Symbol.asyncDispose]();
    }
  } catch (error) {
    yield problemOf("data", error);
  }
}

async function examinePort({ port, host }: ServeFlags): Promise<Finding> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, "listening");
    return ok("port", port === 0 ? "any that is free" : `${port} on ${host} is free`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const remedy =
      code === "EADDRINUSE" ? "stop what uses it, or choose another" : "choose another";
    return problem("port", `${port} on ${host} cannot be listened on (${code}): ${remedy}`);
  } finally {
    server.close();
  }
}

/** What a service warns of at its start are findings. */
function listening(warnings: string[]): Logger {
  const keep = (_fields: object, message: string): void => void warnings.push(message);
  return { debug: () => undefined, info: () => undefined, warn: keep, error: keep };
}
