import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

/** A command of the built package that runs. */
export interface RunningCommand {
  readonly process: ChildProcess;
  /** What it has printed so far. */
  readonly stdout: string;
  readonly stderr: string;
  readonly ended: Promise<EndedCommand>;
}

export interface EndedCommand {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** What it reads; nothing when absent. */
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `langgraph-graphql` with these arguments. */
export function command(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const child = spawn(process.execPath, [MAIN, ...args], spawnOptions(options));
  child.stdin.end(options.stdin ?? "");
  return watch(child);
}

export interface TerminalOptions extends Omit<CommandOptions, "stdin"> {
  readonly columns: number;
  readonly rows: number;
  /** The file that stdout goes to, and not to the terminal. */
  readonly stdoutTo?: string;
}

/** The same in a pseudo-terminal. What that shows is all stdout here; stdin is its keyboard. */
export function commandInTerminal(
  args: readonly string[],
  { columns, rows, stdoutTo, ...options }: TerminalOptions,
): RunningCommand {
  const words = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(" ");
  const redirection = stdoutTo === undefined ? "" : ` > '${stdoutTo}'`;
  const shell = `stty cols ${columns} rows ${rows}; exec ${words}${redirection}`;
  return watch(spawn("script", ["-qec", shell, "/dev/null"], spawnOptions(options)));
}

function spawnOptions({ cwd, env }: CommandOptions) {
  // What the tests are run in must not decide about colours: NO_COLOR does, CI does, and so on.
  const { PATH, HOME, TMPDIR } = process.env;
  return { cwd, env: { PATH, HOME, TMPDIR, TERM: "xterm-256color", ...env } };
}

function watch(child: ChildProcess): RunningCommand {
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (data: string) => (printed[name] += data));
  }
  const ended = new Promise<EndedCommand>((resolve) => {
    child.on("close", (code) => resolve({ code, ...printed }));
  });
  return {
    process: child,
    get stdout() {
      return printed.stdout;
    },
    get stderr() {
      return printed.stderr;
    },
    ended,
  };
}
