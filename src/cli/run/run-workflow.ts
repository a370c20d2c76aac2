import { inspect } from "node:util";
import { createNames } from "../../api/names.ts";
import { ConfigError } from "../../errors.ts";
import { ownStreams, type OwnStreams } from "../own-streams.ts";
import { RunClient } from "./client.ts";
import { CommandError, EXIT, type ExitCode } from "./command-error.ts";
import { Drawing } from "./drawing.ts";
import { existingRun, newRun, type WatchedRun } from "./find-run.ts";
import { answerMutation, followOnCommand } from "./follow-on.ts";
import { createJsonLines } from "./json-lines.ts";
import { readJsonOption } from "./json-option.ts";
import { startLocalService } from "./local-service.ts";
import { createOperations } from "./operations.ts";
import { createPlainLines } from "./plain-lines.ts";
import type { Reporter } from "./reporter.ts";
import { toRequest, type RunFlags, type RunRequest } from "./request.ts";
import { eventReader, type EventFields, type RunEvent } from "./run-event.ts";
import { oneLine } from "./terminal-text.ts";
import { watchRun } from "./watch-run.ts";

type EventReader = (fields: EventFields) => RunEvent;

/** What `langgraph-graphql run` does. Ends the process, with the exit code of the outcome. */
export async function runWorkflow(workflow: string | undefined, flags: RunFlags): Promise<never> {
  const streams = ownStreams();
  // `| head` has read enough.
  process.stdout.on("error", () => process.exit(EXIT.unheard));
  const exitCode = await run(workflow, flags, streams).catch((error: unknown) =>
    explain(error, streams),
  );
  await streams.flush();
  // A node that does not listen to its signal would keep the process for as long as it likes.
  process.exit(exitCode);
}

async function run(
  workflow: string | undefined,
  flags: RunFlags,
  streams: OwnStreams,
): Promise<ExitCode> {
  const request = await readJson(toRequest(workflow, flags));
  await using server =
    flags.url === undefined
      ? await startLocalService(flags.config)
      : { url: flags.url, [Symbol.asyncDispose]: async () => {} };

  const names = createNames(flags.prefix);
  const operations = createOperations(names);
  let reporter: Reporter | undefined;
  using client = new RunClient({
    url: server.url,
    headers: flags.header,
    onReconnecting: () =>
      reporter?.note("The connection is lost: reconnecting for up to a minute …"),
    onReconnected: () => reporter?.note("Connected again"),
  });
  const watched =
    request.kind === "start"
      ? await newRun(client, operations, request)
      : await existingRun(client, operations, request.runId);
  const readEvent = eventReader(names);
  const outcome = await watchRun({
    client,
    operations,
    run: watched,
    after: request.kind === "start" ? undefined : request.after,
    readEvent,
    reporter: () => (reporter ??= createReporter(watched, readEvent, flags, streams)),
  }).catch((error: unknown) => {
    // The error is told where nothing is drawn any more.
    reporter?.end({ mark: "failed", text: `${watched.workflow} is watched no longer` });
    throw error;
  });

  reporter ??= createReporter(watched, readEvent, flags, streams);
  reporter.end(outcome.summary);
  if (outcome.interrupts && flags.url !== undefined) {
    const mutation = answerMutation(names, watched.runId, outcome.interrupts);
    reporter.note(`Answer it with:\n  ${mutation}`);
  }
  if (outcome.goesOn) reporter.note(howToGoOn(watched, client.cursor, flags));
  if (outcome.result && !flags.json) {
    streams.out(`${JSON.stringify(outcome.result.output, null, 2)}\n`);
  }
  return outcome.exitCode;
}

/** The request with the JSON that it names. */
async function readJson(request: RunRequest) {
  if (request.kind === "follow") return request;
  const { input, context } = request;
  return {
    ...request,
    input: await readJsonOption("--input", input, process.stdin),
    context:
      context === undefined ? undefined : await readJsonOption("--context", context, process.stdin),
  };
}

/** Bars where somebody looks at a terminal, and lines where nobody does. */
function createReporter(
  { workflow, runId, createdAt }: WatchedRun,
  readEvent: EventReader,
  { json }: RunFlags,
  { out, err, redirect }: OwnStreams,
): Reporter {
  if (json) return createJsonLines(out, err);
  if (!process.stderr.isTTY || process.env["TERM"] === "dumb") {
    return createPlainLines(err, readEvent, createdAt === null ? undefined : Date.parse(createdAt));
  }
  const drawing = new Drawing({
    stream: process.stderr,
    write: err,
    readEvent,
    title: oneLine(`${workflow} ${runId}`),
    hint: createdAt === null ? "Ctrl-C cancels the run" : "Ctrl-C leaves, and the run goes on",
  });
  redirect((text) => drawing.foreign(text));
  return drawing;
}

function howToGoOn(
  { runId }: WatchedRun,
  cursor: string | undefined,
  { url, header, prefix }: RunFlags,
): string {
  if (url === undefined) {
    return "The run ends with this process: to keep it, and to answer it, run it with --url on a server (langgraph-graphql serve)";
  }
  const command = followOnCommand({ url, headers: header, prefix, runId, cursor });
  return `Follow it with:\n  ${command}`;
}

/** Prints why there is no outcome; what nobody foresaw with its stack. */
function explain(error: unknown, { err }: OwnStreams): ExitCode {
  if (error instanceof CommandError) {
    err(`error: ${error.message}\n`);
    return error.exitCode;
  }
  err(`${error instanceof ConfigError ? `error: ${error.message}` : inspect(error)}\n`);
  return error instanceof ConfigError ? EXIT.badInput : EXIT.failed;
}
