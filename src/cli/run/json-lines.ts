import type { Reporter } from "./reporter.ts";

/** One line of JSON an event, for programs; what is no event goes to `writeNote`. */
export function createJsonLines(
  write: (text: string) => void,
  writeNote: (text: string) => void,
): Reporter {
  return {
    event: (fields) => write(`${JSON.stringify(fields)}\n`),
    note: (text) => writeNote(`${text}\n`),
    end: ({ text }) => writeNote(`${text}\n`),
  };
}
