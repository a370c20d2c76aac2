import { CommandError, EXIT } from "./command-error.ts";

/** The options of `run`, as commander reads them. */
export interface RunFlags {
  readonly config: string;
  readonly input?: string;
  readonly context?: string;
  readonly thread?: string;
  readonly json?: boolean;
  readonly url?: string;
  readonly header: Readonly<Record<string, string>>;
  readonly prefix?: string;
  readonly follow?: string;
  readonly after?: string;
}

/** What is to be done on a server. */
export type RunRequest =
  | {
      readonly kind: "start";
      readonly workflow: string;
      /** JSON, or where to read it. */
      readonly input: string;
      readonly context: string | undefined;
      readonly threadId: string | undefined;
    }
  | { readonly kind: "follow"; readonly runId: string; readonly after: string | undefined };

/** Makes sense of arguments and options together. Throws `CommandError` when there is none. */
export function toRequest(workflow: string | undefined, flags: RunFlags): RunRequest {
  const { url, follow, after, input, context, thread: threadId } = flags;
  if (url !== undefined && !(URL.canParse(url) && /^(http|ws)s?:/.test(url))) {
    throw usage(`--url ${url} is not an address such as http://localhost:4000/graphql`);
  }
  if (url === undefined && (Object.keys(flags.header).length > 0 || flags.prefix !== undefined)) {
    throw usage("--header and --prefix are for a server: pass its address with --url");
  }
  if (follow === undefined) {
    if (after !== undefined) throw usage("--after is a place in a run: pass the run with --follow");
    if (workflow === undefined) throw usage("Pass the workflow to run, or a run to --follow");
    if (input === "-" && context === "-") {
      throw usage("stdin has one JSON: pass --input or --context in another way");
    }
    return { kind: "start", workflow, input: input ?? "{}", context, threadId };
  }
  if (url === undefined) {
    throw usage("--follow is for a run on a server: pass its address with --url");
  }
  if ([workflow, input, context, threadId].some((given) => given !== undefined)) {
    throw usage("--follow starts nothing: leave out the workflow, --input, --context and --thread");
  }
  return { kind: "follow", runId: follow, after };
}

function usage(message: string): CommandError {
  return new CommandError(message, EXIT.badInput);
}
