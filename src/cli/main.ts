#!/usr/bin/env node
import { createRequire } from "node:module";
import { Command } from "commander";
import { ConfigError } from "../errors.ts";
import { addServeCommand } from "./serve.ts";

const { version, description } = createRequire(import.meta.url)("../../package.json") as {
  readonly version: string;
  readonly description: string;
};

const program = new Command("langgraph-graphql")
  .description(description)
  .version(version)
  .showHelpAfterError("(langgraph-graphql --help tells more)");
addServeCommand(program, version);

try {
  await program.parseAsync();
} catch (error) {
  // What a user can mend is one line; anything else is ours, with its stack.
  console.error(error instanceof ConfigError ? `error: ${error.message}` : error);
  process.exitCode = 1;
}
