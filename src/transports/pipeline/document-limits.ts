import { maxAliasesRule } from "@escape.tech/graphql-armor-max-aliases";
import { maxDepthRule } from "@escape.tech/graphql-armor-max-depth";
import { maxDirectivesRule } from "@escape.tech/graphql-armor-max-directives";
import { maxTokensPlugin } from "@escape.tech/graphql-armor-max-tokens";
import type { ExecutionArgs, GraphQLError, ValidationContext, ValidationRule } from "graphql";
import type { Plugin } from "graphql-yoga";
import { LimitExceededError } from "../../errors.ts";
import { documentRefusal } from "./limit-refusal.ts";
import { OperationCosts } from "./operation-cost.ts";
import type { TransportLimits } from "./transport-limits.ts";

type DocumentLimit = "maxDepth" | "maxAliases" | "maxDirectives" | "maxTokens" | "maxCost";

/** What a limit bounds, as its message has it. */
const SUBJECTS: Readonly<Record<DocumentLimit, string>> = {
  maxDepth: "levels of fields",
  maxAliases: "aliases",
  maxDirectives: "directives",
  maxTokens: "tokens",
  maxCost: "of cost",
};

/**
 * Refuses documents that are too much to parse or to look through with `LIMIT_EXCEEDED`. What asks for
 * `__schema` is bounded by graphql-js itself.
 */
export function useDocumentLimits(limits: TransportLimits): readonly Plugin[] {
  return [useTokenLimit(limits), useRules(limits)];
}

function useTokenLimit({ maxTokens }: TransportLimits): Plugin {
  const reject = (): never => {
    throw refusal("maxTokens", maxTokens);
  };
  return maxTokensPlugin({ n: maxTokens, onReject: [reject] });
}

function useRules({ maxDepth, maxAliases, maxDirectives }: TransportLimits): Plugin {
  const rules: readonly ValidationRule[] = [
    maxDepthRule({ ...bound("maxDepth", maxDepth), flattenFragments: true }),
    maxAliasesRule(bound("maxAliases", maxAliases)),
    maxDirectivesRule(bound("maxDirectives", maxDirectives)),
  ];
  return {
    onValidate({ addValidationRule }) {
      for (const rule of rules) addValidationRule(rule);
    },
  };
}

/** Options of a rule, with which it reports an error of ours beside whatever else is not valid. */
function bound(limit: DocumentLimit, max: number) {
  return {
    n: max,
    propagateOnRejection: false,
    onReject: [(context: ValidationContext | null) => context?.reportError(refusal(limit, max))],
  };
}

/**
 * Refuses operations that are too much to execute with `LIMIT_EXCEEDED`, before anything of them is.
 * The variables must have been checked: the size of a page may be one of them.
 */
export function useCostLimit({ maxCost }: TransportLimits): Plugin {
  const costs = new OperationCosts();
  /** Undefined for an operation that may be executed. */
  const check = (args: ExecutionArgs): { readonly errors: GraphQLError[] } | undefined =>
    costs.of(args) > maxCost ? { errors: [refusal("maxCost", maxCost)] } : undefined;
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const refused = check(args);
      if (refused) setResultAndStopExecution(refused);
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const refused = check(args);
      if (refused) setResultAndStopExecution(refused);
    },
  };
}

function refusal(limit: DocumentLimit, max: number): GraphQLError {
  const message = `The operation has more than ${max} ${SUBJECTS[limit]}: ask for less at a time`;
  return documentRefusal(new LimitExceededError({ limit, max, message }));
}
