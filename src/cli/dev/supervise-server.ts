import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { untilStopped } from "../until-stopped.ts";
import { HOPELESS, STOP, type DevOptions, type Listening } from "./messages.ts";
import { watchProject } from "./watch-project.ts";

/**
 * A server that has not ended so long after its runs were given time to is killed: some node of theirs
 * does not listen.
 */
const STOP_MS = 3_000;

/** Runs a server, and a new one after each change of the project, until Ctrl-C. */
export async function superviseServer({ flags, version }: DevOptions): Promise<void> {
  const stopped = untilStopped(flags);
  await using project = await watchProject(flags.config);
  let again = flags;
  let { drain } = flags;
  for (;;) {
    const server = startServer({ flags: again, version });
    // Whoever follows it finds it where it was, even if any port would have done.
    server.on("message", (message) => {
      const { port, drain: itsDrain } = message as Listening;
      drain = itsDrain;
      if (flags.port === 0) again = { ...flags, port, given: [...flags.given, "port"] };
    });
    const hopeless = reportEnd(server);
    const changed = await Promise.race([project.changed(), stopped, hopeless]);
    await stopServer(server, drain + STOP_MS);
    if (!changed) return;
    console.log(`\nRestarting: ${changed.join(", ")} changed`);
    await project.reread();
  }
}

function startServer(options: DevOptions): ChildProcess {
  const program = new URL(`./server${extname(import.meta.filename)}`, import.meta.url);
  return fork(program, [JSON.stringify(options)], { execArgv: ["--enable-source-maps"] });
}

/** Says when a server ends that nobody stopped; resolves if no change of the graphs can help it. */
function reportEnd(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    server.on("exit", (code) => {
      if (code === 0 || server.killed) return;
      if (code !== HOPELESS) console.error("Waiting for a change …");
      else {
        process.exitCode = 1;
        resolve();
      }
    });
  });
}

async function stopServer(server: ChildProcess, graceMs: number): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, "exit");
  if (server.connected) server.send(STOP);
  const abort = new AbortController();
  const late = setTimeout(graceMs, "late", { signal: abort.signal }).catch(() => "ended");
  if ((await Promise.race([ended, late])) === "late") server.kill("SIGKILL");
  abort.abort();
  await ended;
}
