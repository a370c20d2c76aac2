import type { Command } from "commander";
import { addServeOptions, flagsOf } from "./serve-options.ts";

/** `langgraph-graphql dev`. */
export function addDevCommand(program: Command, version: string): void {
  addServeOptions(
    program
      .command("dev")
      .description("serve the graphs of a langgraph.json, and again whenever a file changes"),
    { drain: "1s" },
  )
    .addHelpText(
      "after",
      "\nA graph that cannot be loaded or served is reported, and the others are served.\n" +
        "A run that is under way goes on after each restart.\n" +
        "\nExample:\n  $ langgraph-graphql dev --config ./langgraph.json --port 4000",
    )
    .action(async (_flags, command: Command) => {
      const { superviseServer } = await import("./dev/supervise-server.ts");
      await superviseServer({ flags: flagsOf(command), version });
    });
}
