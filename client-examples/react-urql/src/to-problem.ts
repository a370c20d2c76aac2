import type { CombinedError } from "urql";
import type { Problem } from "./ui/problem.ts";

/** What went wrong, as the page shows it: by its code, and the problems of an input. */
export function toProblem({ graphQLErrors: [first] }: CombinedError): Problem {
  if (!first) return { code: "NETWORK", message: "The server cannot be reached." };
  const { code, problems } = first.extensions as Partial<Problem>;
  return { code: code ?? "INTERNAL", message: first.message, problems: problems ?? [] };
}
