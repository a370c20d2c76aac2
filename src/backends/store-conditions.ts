import type { Item, MatchCondition } from "@langchain/langgraph";

/** Whether a value has all that a search filters by, compared as LangGraph's `InMemoryStore` does. */
export function matchesFilter(
  value: Item["value"],
  filter: Readonly<Record<string, unknown>> | undefined,
): boolean {
  return Object.entries(filter ?? {}).every(([key, wanted]) => matches(value[key], wanted));
}

/** Whether a namespace begins, or ends, with a path in which `*` stands for any label. */
export function matchesNamespace(
  namespace: readonly string[],
  { matchType, path }: MatchCondition,
): boolean {
  if (path.length > namespace.length) return false;
  const start = matchType === "prefix" ? 0 : namespace.length - path.length;
  return path.every((label, i) => label === "*" || label === namespace[start + i]);
}

const OPERATORS: Readonly<Record<string, (actual: unknown, wanted: unknown) => boolean>> = {
  $eq: (actual, wanted) => actual === wanted,
  $ne: (actual, wanted) => actual !== wanted,
  $gt: (actual, wanted) => Number(actual) > Number(wanted),
  $gte: (actual, wanted) => Number(actual) >= Number(wanted),
  $lt: (actual, wanted) => Number(actual) < Number(wanted),
  $lte: (actual, wanted) => Number(actual) <= Number(wanted),
  $in: (actual, wanted) => Array.isArray(wanted) && wanted.includes(actual),
  $nin: (actual, wanted) => !Array.isArray(wanted) || !wanted.includes(actual),
};

/** An object of operators only is a condition; anything else is a value to be equal to. */
function matches(actual: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return actual === wanted;
  const conditions = Object.entries(wanted).map(([name, operand]) => ({
    compare: Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined,
    operand: operand as unknown,
  }));
  if (conditions.some(({ compare }) => compare === undefined)) return actual === wanted;
  return conditions.every(({ compare, operand }) => compare?.(actual, operand));
}
