import type { Item, ListNamespacesOperation, Operation, PutOperation } from "@langchain/langgraph";
import { matchesNamespace } from "./store-conditions.ts";

/** An item of LangGraph's long-term store as a relational database keeps it. */
export interface ItemRow {
  /** Grows with each item that is added. */
  readonly item: number;
  readonly namespace: string;
  readonly key: string;
  readonly value: string;
  readonly created_at: number;
  readonly updated_at: number;
}

/** What LangGraph's stores return from a search. */
export type Found = Item & { score?: number };

export function readItem(row: ItemRow): Item {
  return {
    namespace: namespaceOf(row.namespace),
    key: row.key,
    value: JSON.parse(row.value) as Item["value"],
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  };
}

export function isPut(operation: Operation): operation is PutOperation {
  return "value" in operation;
}

/**
 * The text that a namespace is kept as: its JSON without the last bracket, so that those below it
 * begin with it and a comma.
 */
export function textOf(namespace: readonly string[]): string {
  return JSON.stringify(namespace).slice(0, -1);
}

/** Those of all namespaces, as texts, that are asked for. */
export function selectNamespaces(
  texts: readonly string[],
  { matchConditions = [], maxDepth, limit, offset }: ListNamespacesOperation,
): string[][] {
  const matching = texts
    .map(namespaceOf)
    .filter((namespace) => matchConditions.every((c) => matchesNamespace(namespace, c)));
  const shortened = new Set(matching.map((namespace) => textOf(namespace.slice(0, maxDepth))));
  const end = limit === undefined ? undefined : offset + limit;
  return [...shortened]
    .map(namespaceOf)
    .toSorted((a, b) => a.join(":").localeCompare(b.join(":")))
    .slice(offset, end);
}

function namespaceOf(text: string): string[] {
  return JSON.parse(`${text}]`) as string[];
}
