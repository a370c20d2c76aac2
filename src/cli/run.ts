import { InvalidArgumentError, Option, type Command } from "commander";
import type { RunFlags } from "./run/request.ts";

const BAD_USAGE = 2;

/** `langgraph-graphql run`. */
export function addRunCommand(program: Command): void {
  program
    .command("run")
    .description("run a workflow and watch it from the terminal")
    .argument("[workflow]", "its name in the langgraph.json")
    .option(
      "-i, --input <json>",
      "its input: JSON, @ and the name of a file, or - for stdin; {} when left out",
    )
    .option("--context <json>", "its context, given in the same ways; none when left out")
    .option("--thread <id>", "the thread to go on with; a new one when left out")
    .option("--json", "print each event as a line of JSON")
    .option("-c, --config <file>", "the langgraph.json to run it from", "langgraph.json")
    .option("--url <url>", "run it on this server instead: http://localhost:4000/graphql")
    .addOption(
      new Option("--header <name: value>", "send this to the server; may be repeated")
        .argParser(addHeader)
        .default({}, "none"),
    )
    .option("--prefix <Name>", "the prefix of the server's GraphQL names, if they have one")
    .option("--follow <runId>", "start nothing: follow this run of the server")
    .option("--after <cursor>", "follow it from this place on")
    .addHelpText("after", HELP)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : BAD_USAGE))
    .action(async (workflow: string | undefined, flags: RunFlags) => {
      const { runWorkflow } = await import("./run/run-workflow.ts");
      await runWorkflow(workflow, flags);
    });
}

const HELP = `
Without --url it serves the langgraph.json to itself, as long as the run takes, and keeps nothing.
With --url it connects again when the connection is lost or the server restarts, and goes on where
it was.

The input is what WorkflowInput of the schema takes for the workflow, and the context what
WorkflowContext takes: langgraph-graphql schema. A message, MessageInput, is
{ "role": "HUMAN", "text": "…" }, or { "raw": … } with the message as LangChain has it.

Output:
  stdout  the result, as JSON; with --json one line for each event, and nothing else
  stderr  progress: bars in a terminal, one line for each event anywhere else; errors

Exit codes:
  0    it succeeded
  1    it failed, was cancelled by somebody else, or its server is out of reach
  2    wrong usage, configuration or input: nothing was started
  3    it waits for the answer to an interrupt
  130  Ctrl-C: it was cancelled, or left alone with --follow or without a connection;
       once more Ctrl-C leaves at once

Examples:
  $ langgraph-graphql run report --input '{"items":["a","b"]}'
  $ langgraph-graphql run agent --input '{"messages":[{"role":"HUMAN","text":"Hi"}]}'
  $ langgraph-graphql run agent --input @input.json --context '{"userId":"ada"}' --thread ada-1
  $ langgraph-graphql run report --input @input.json > result.json
  $ echo '{"items":["a"]}' | langgraph-graphql run report --input - --json | jq .seq
  $ langgraph-graphql run report --url https://example.com/graphql --header "Authorization: Bearer $TOKEN"
  $ langgraph-graphql run --url http://localhost:4000/graphql --follow 0190c1d2-52e4-7f0c-b1a1-1f4e6a9d2c11`;

function addHeader(
  text: string,
  others: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('It must be a name and a value: "Authorization: Bearer …".');
  }
  return { ...others, [name]: value };
}
