import { ConfigError } from "../errors.ts";

/** All names that the schema takes from outside or may have to give up: the only place that makes them. */
export interface Names {
  /** A type: `Run`, or `AgentsRun` under the prefix `Agents`. */
  type(name: string): string;
  /** A root field: `runWorkflow`, or `agentsRunWorkflow` under the prefix `Agents`. */
  rootField(name: string): string;
}

const GRAPHQL_NAME = /^[A-Za-z_]\w*$/;

/** Names under a prefix, which lets the schema live beside types called `Run` or `Workflow`. */
export function createNames(prefix = ""): Names {
  if (prefix !== "" && !/^[A-Z]\w*$/.test(prefix)) {
    throw new ConfigError(
      `schema.prefix must be a name that begins with a capital letter, not ${JSON.stringify(prefix)}`,
    );
  }
  return {
    type: (name) => prefix + name,
    rootField: (name) => (prefix === "" ? name : lowerFirst(prefix) + upperFirst(name)),
  };
}

/**
 * A GraphQL field name for a name from outside: itself where it is one (`tool_call`), otherwise in
 * camel case (`tool-call` → `toolCall`).
 */
export function toFieldName(name: string): string {
  // GraphQL keeps names that begin with two underscores for itself.
  if (GRAPHQL_NAME.test(name) && !name.startsWith("__")) return name;
  const field = lowerFirst(toTypeName(name));
  return /^\d/.test(field) ? `_${field}` : field;
}

/** A type name in Pascal case: `tool_call` → `ToolCall`. */
export function toTypeName(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  if (words.length === 0) {
    throw new ConfigError(
      `${JSON.stringify(name)} has no letter or digit that a GraphQL name could be made of`,
    );
  }
  return words.map(upperFirst).join("");
}

/** An enum value: `ToolCall` → `TOOL_CALL`, `in-progress` → `IN_PROGRESS`. */
export function toEnumValue(name: string): string {
  const value = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .toUpperCase();
  return /^[A-Z_]/.test(value) && !/^(TRUE|FALSE|NULL)$/.test(value) ? value : `_${value}`;
}

/** The GraphQL type of a declared event, without the prefix: `tool_call` → `ToolCallEvent`. */
export function toEventTypeName(type: string): string {
  const name = toTypeName(type);
  return name.endsWith("Event") ? name : `${name}Event`;
}

/**
 * Maps names to GraphQL names and refuses two that would become the same. `what` and `fix` finish
 * the sentence for whoever has to rename one.
 */
export function distinctNames(
  names: Iterable<string>,
  toName: (name: string) => string,
  what: string,
  fix: string,
): ReadonlyMap<string, string> {
  const taken = new Map<string, string>();
  const result = new Map<string, string>();
  for (const name of names) {
    const graphqlName = toName(name);
    const other = taken.get(graphqlName);
    if (other !== undefined) {
      throw new ConfigError(
        `${what} ${JSON.stringify(other)} and ${JSON.stringify(name)} would both be ` +
          `${JSON.stringify(graphqlName)} in GraphQL: ${fix}`,
      );
    }
    taken.set(graphqlName, name);
    result.set(name, graphqlName);
  }
  return result;
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
