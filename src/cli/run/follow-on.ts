import type { Names } from "../../api/names.ts";
import type { Interrupt } from "./run-event.ts";

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

/** The mutation that lets an interrupted run go on, with a gap for each answer. */
export function answerMutation(
  { rootField }: Names,
  runId: string,
  interrupts: readonly Interrupt[],
): string {
  const answers = interrupts.map(({ id }) => `{ interruptId: ${JSON.stringify(id)}, value: … }`);
  return (
    `mutation { ${rootField("resumeRun")}(runId: ${JSON.stringify(runId)}, ` +
    `answers: [${answers.join(", ")}]) { run { status } } }`
  );
}

function option(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, quoted(value)];
}

/** As a POSIX shell reads it back. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
