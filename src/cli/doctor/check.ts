import { ConfigError } from "../../errors.ts";

/** What was found at one place. */
export interface Finding {
  /** `ok`; `warning`, with which it serves all the same; `problem`, with which it does not. */
  readonly verdict: "ok" | "warning" | "problem";
  /** What was looked at. */
  readonly subject: string;
  /** What was found, and what to do about it. */
  readonly message: string;
}

export const ok = (subject: string, message: string): Finding => ({
  verdict: "ok",
  subject,
  message,
});
export const warning = (subject: string, message: string): Finding => ({
  verdict: "warning",
  subject,
  message,
});
export const problem = (subject: string, message: string): Finding => ({
  verdict: "problem",
  subject,
  message,
});

/** A problem of what was thrown on purpose; anything else is a defect of ours, or of the user's. */
export function problemOf(subject: string, error: unknown): Finding {
  if (error instanceof ConfigError) return problem(subject, error.message);
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return problem(subject, message);
}

const MARKS = { ok: "✔", warning: "!", problem: "✘" } as const;

/** One line; what goes on in further lines is indented below it. */
export function lineOf({ verdict, subject, message }: Finding): string {
  return `${MARKS[verdict]} ${subject}: ${message.trimEnd().replaceAll("\n", "\n    ")}`;
}
