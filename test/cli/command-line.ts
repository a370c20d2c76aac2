import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** A `langgraph-graphql` that runs. Dispose of it to end it. */
export interface CommandLine extends AsyncDisposable {
  readonly process: ChildProcess;
  /** What it has written so far, errors included. */
  readonly output: string;
  /** Resolves with the match once it has written something like `pattern` after `from`. */
  says(pattern: RegExp, from?: number): Promise<RegExpExecArray>;
  /** Where it serves, once it does. */
  url(from?: number): Promise<string>;
}

/** Runs the built command line in `folder`. */
export function startCommandLine(
  args: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>> = {},
): CommandLine {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
  });
  let output = "";
  let tell: (() => void) | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      tell?.();
    });
  }
  let hasEnded = false;
  child.on("close", () => {
    hasEnded = true;
    tell?.();
  });
  const says: CommandLine["says"] = async (pattern, from = 0) => {
    for (;;) {
      const match = pattern.exec(output.slice(from));
      if (match) return match;
      if (hasEnded) {
        throw new Error(`It ended without saying ${String(pattern)}:\n${output.slice(from)}`);
      }
      await new Promise<void>((resolve) => (tell = resolve));
    }
  };
  return {
    process: child,
    get output() {
      return output;
    },
    says,
    url: async (from) => (await says(/GraphiQL +(\S+)\n/, from))[1] ?? "",
    async [Symbol.asyncDispose]() {
      if (hasEnded) return;
      child.kill();
      await once(child, "close");
    },
  };
}
