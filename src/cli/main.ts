#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { ConfigError } from "../errors.ts";
import { addDevCommand } from "./dev.ts";
import { addDoctorCommand } from "./doctor.ts";
import { addRunCommand } from "./run.ts";
import { addSchemaCommand } from "./schema.ts";
import { addServeCommand } from "./serve.ts";

// Every command imports what it does when it is called: the help must not wait for LangGraph.
const { version, description } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { readonly version: string; readonly description: string };

const program = new Command("langgraph-graphql")
  .description(description)
  .version(version)
  .showHelpAfterError("(langgraph-graphql --help tells more)")
  .addHelpText(
    "after",
    "\nExamples:\n" +
      "  $ langgraph-graphql dev                               serve ./langgraph.json, restart on change\n" +
      "  $ langgraph-graphql serve --port 8080                 serve it\n" +
      "  $ langgraph-graphql doctor                            check what it needs\n" +
      "  $ langgraph-graphql schema --out schema.graphql       write its GraphQL schema\n" +
      '  $ langgraph-graphql run report --input \'{"items":["a","b"]}\'\n' +
      '  $ langgraph-graphql run agent --input \'{"messages":[{"text":"Hi"}]}\'',
  );
addDevCommand(program, version);
addServeCommand(program, version);
addSchemaCommand(program);
addRunCommand(program);
addDoctorCommand(program);

// Before a command imports anything of LangGraph. `dev` does it anew in each of its servers, `doctor`
// to tell of it, and `run` where it has no server to do it.
program.hook("preAction", async (_program, command) => {
  const { config } = command.opts<{ readonly config?: string }>();
  if (config === undefined || ["dev", "doctor", "run"].includes(command.name())) return;
  const { useProjectCopies } = await import("../config/project-copies.ts");
  await useProjectCopies(config);
});

try {
  await program.parseAsync();
} catch (error) {
  // What a user can mend is told in words; anything else is ours, with its stack.
  console.error(error instanceof ConfigError ? `error: ${error.message}` : error);
  process.exitCode = 1;
}
