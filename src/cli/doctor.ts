import type { Command } from "commander";
import type { Finding } from "./doctor/check.ts";
import { addServeOptions, flagsOf } from "./serve-options.ts";

/** `langgraph-graphql doctor`. */
export function addDoctorCommand(program: Command): void {
  addServeOptions(
    program
      .command("doctor")
      .description("check what serve would need, and say what to do about what is wrong"),
    { drain: "10s" },
  )
    .option("--json", "one JSON object a line: verdict, subject, message")
    .addHelpText("after", HELP)
    .action(async (_flags, command: Command) => {
      const { json = false } = command.opts<{ readonly json?: boolean }>();
      const { ownStreams } = await import("./own-streams.ts");
      const { examineInstallation } = await import("./doctor/examine-installation.ts");
      const { lineOf } = await import("./doctor/check.ts");
      const streams = ownStreams();
      let isWell = true;
      const tell = async (findings: AsyncIterable<Finding>): Promise<void> => {
        for await (const finding of findings) {
          if (finding.verdict === "problem") isWell = false;
          streams.out(`${json ? JSON.stringify(finding) : lineOf(finding)}\n`);
        }
      };
      const flags = flagsOf(command);
      await tell(examineInstallation(flags.config));
      // Only now: what it imports brings LangGraph along.
      if (isWell) await tell((await import("./doctor/examine.ts")).examine(flags));
      await streams.flush();
      // A graph may have opened something that would keep the process.
      process.exit(isWell ? 0 : 1);
    });
}

const HELP = `
It takes the options of serve, and serves nothing: Node, packages, the configuration, every workflow and
its types, who may use the API, the data, and the port. Data are opened as serve opens them: a file, or
tables, that are not there are made, and those of an older version brought up to date.

Exit codes:
  0  it can be served; lines that begin with ! are worth a look
  1  a line begins with ✘

Examples:
  $ langgraph-graphql doctor
  $ NODE_ENV=production langgraph-graphql doctor --host 0.0.0.0 --json`;
