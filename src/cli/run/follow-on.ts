/** What a server and a run on it are called on the command line. */
export interface FollowOn {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly prefix: string | undefined;
  readonly runId: string;
  readonly cursor: string | undefined;
}

/** The command that goes on where this one stopped. */
export function followOnCommand({ url, headers, prefix, runId, cursor }: FollowOn): string {
  return [
    "langgraph-graphql run",
    ...option("--url", url),
    // Their values are secrets, as often as not, and this is printed.
    ...Object.keys(headers).flatMap((name) => option("--header", `${name}: …`)),
    ...option("--prefix", prefix),
    ...option("--follow", runId),
    ...option("--after", cursor),
  ].join(" ");
}

function option(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, quoted(value)];
}

/** As a POSIX shell reads it back. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
