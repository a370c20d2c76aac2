import { ConfigError } from "../errors.ts";

/** All names that the schema takes from outside or may have to give up: the only place that makes them. */
export interface Names {
  /**
   * A type of the service's own: `Run`, or `AgentsRun` under the prefix `Agents`. Throws `ConfigError`
   * if something of the user's has taken it.
   */
  type(name: string): string;
  /** A root field: `runWorkflow`, or `agentsRunWorkflow` under the prefix `Agents`. */
  rootField(name: string): string;
  /**
   * A type that is made of something of the user's: the first of `candidates` that is free, or that
   * something alike has already. Throws `ConfigError` if there is none.
   */
  generate(candidates: readonly string[], claim: Claim): string;
}

/** Who wants a name for a type. */
export interface Claim {
  /** Begins the sentence of an error: `Event "citation"`. */
  readonly owner: string;
  /** Ends it: what to do about two that want the same name. */
  readonly fix: string;
  /** Equal for those that may share the type. */
  readonly fingerprint: string;
}

/** Types that have no prefix. */
const SHARED_TYPES =
  "Query Mutation Subscription ID String Int Float Boolean JSON DateTime Cursor".split(" ");

const GRAPHQL_NAME = /^[A-Za-z_]\w*$/;

/** Names under a prefix, which lets the schema live beside types called `Run` or `Workflow`. */
export function createNames(prefix = ""): Names {
  if (prefix !== "" && !/^[A-Z]\w*$/.test(prefix)) {
    throw new ConfigError(
      `schema.prefix must be a name that begins with a capital letter, not ${JSON.stringify(prefix)}`,
    );
  }
  const own = new Set(SHARED_TYPES);
  const claims = new Map<string, Claim>();
  const refuse = ({ owner, fix }: Claim, name: string, other: string): never => {
    throw new ConfigError(
      `${owner} would be the GraphQL type ${name}, which is taken by ${other}: ${fix}`,
    );
  };
  return {
    type(name) {
      const claim = claims.get(prefix + name);
      if (claim) refuse(claim, prefix + name, "the service itself");
      own.add(prefix + name);
      return prefix + name;
    },
    rootField: (name) => (prefix === "" ? name : lowerFirst(prefix) + upperFirst(name)),
    generate(candidates, claim) {
      const names = candidates.map((name) => prefix + name);
      const name = names.find((candidate) => {
        const other = claims.get(candidate);
        return other ? other.fingerprint === claim.fingerprint : !own.has(candidate);
      });
      if (name !== undefined) {
        claims.set(name, claims.get(name) ?? claim);
        return name;
      }
      const [wanted = ""] = names;
      return refuse(claim, wanted, claims.get(wanted)?.owner ?? "the service itself");
    },
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

/** Whether a name has anything that a GraphQL name could be made of: ASCII letters and digits. */
export function isNameable(name: string): boolean {
  return /[A-Za-z0-9]/.test(name);
}

/**
 * A type name in Pascal case: `tool_call` → `ToolCall`. A name without ASCII letters and digits is
 * spelled by its code points: `名` → `U540D`.
 */
export function toTypeName(name: string): string {
  const words = isNameable(name)
    ? name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "")
    : Array.from(name, (character) => `u${character.codePointAt(0)?.toString(16).toUpperCase()}`);
  if (words.length === 0) throw new ConfigError("There is an empty name: give it a letter");
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

/** `Report` → `report`. */
export function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
