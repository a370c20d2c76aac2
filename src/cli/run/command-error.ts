/** How `run` ended, as its exit code; its help lists them. */
export const EXIT = {
  succeeded: 0,
  failed: 1,
  badInput: 2,
  interrupted: 3,
  /** What a shell reports of a program that Ctrl-C ended: 128 and the number of `SIGINT`. */
  stopped: 130,
  /** The same of `SIGPIPE`: nobody reads stdout any more. */
  unheard: 141,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command. Its message is for people and may have several lines. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
  /** The same with another exit code. */
  as(exitCode: ExitCode): CommandError {
    return new CommandError(this.message, exitCode, { cause: this });
  }
}
