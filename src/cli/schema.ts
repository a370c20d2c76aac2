import type { Command } from "commander";
import type { SchemaFlags } from "./schema/print.ts";

/** `langgraph-graphql schema`. */
export function addSchemaCommand(program: Command): void {
  program
    .command("schema")
    .description("print the GraphQL schema of the graphs of a langgraph.json")
    .option("-c, --config <file>", "the langgraph.json", "langgraph.json")
    .option("-o, --out <file>", "write it there, if it is not there as it is")
    .option("--prefix <Name>", "put this before the names of all types and root fields")
    .option("--possible-types", "Apollo Client's possibleTypes, as JSON, instead of the schema")
    .option("--strict", "fail if anything of the workflows' data is not typed")
    .option(
      "--allow-json <place...>",
      "places that --strict lets be JSON: AgentState.jumpTo ReportState.meta",
    )
    .addHelpText("after", HELP)
    .action(async (flags: SchemaFlags) => {
      const { printWorkflowsSchema } = await import("./schema/print.ts");
      await printWorkflowsSchema(flags);
    });
}

const HELP = `
The schema is sorted: it changes only when the workflows do, and can be committed.

Output:
  stdout  the schema, or nothing with --out
  stderr  with --out what became of the file: written, changed or unchanged; errors

Exit codes:
  0  it is printed or written
  1  a graph fails to load, or --strict found something: it is listed with what to write instead,
     and nothing is printed or written; or --allow-json names a place that is not JSON

Examples:
  $ langgraph-graphql schema > schema.graphql
  $ langgraph-graphql schema --strict --out schema.graphql
  $ langgraph-graphql schema --strict --allow-json AgentState.jumpTo --out schema.graphql
  $ langgraph-graphql schema --possible-types --out src/possible-types.json`;
