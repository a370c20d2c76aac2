import {
  defaultFieldResolver,
  defaultTypeResolver,
  getArgumentValues,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  TypeNameMetaFieldDef,
  visit,
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type SelectionSetNode,
} from "graphql";
import { collectFields, type FieldNodes, type Scope } from "./compile-fields.ts";

/** Of an operation, what all its selections share. */
export type Compilation = Scope & Pick<GraphQLResolveInfo, "operation">;

/** The execution of an operation for one event. */
export interface Execution {
  readonly rootValue: unknown;
  readonly contextValue: unknown;
  readonly variables: Variables;
  /** What has to be settled before the result is whole; grows while it is. */
  readonly pending: Promise<void>[];
}

/** An operation's variables, coerced, and the arguments that were made of them. */
export interface Variables {
  readonly values: GraphQLResolveInfo["variableValues"];
  readonly args: Map<ArgsOf, Args>;
}

/** An object of a result. */
export type Data = Record<string, unknown>;

/** Makes of `source` the object that a selection asks for. Throws when anything goes wrong. */
export type Select = (source: unknown, path: Path | undefined, execution: Execution) => Data;

type Args = Readonly<Record<string, unknown>>;
type ArgsOf = (variables: Variables) => Args;
type Path = GraphQLResolveInfo["path"];

/** Makes of what a resolver returned what stands in the result. */
type Complete = (
  value: unknown,
  path: Path,
  info: GraphQLResolveInfo,
  execution: Execution,
) => unknown;

interface Field {
  /** In the result. */
  readonly name: string;
  /** The first counts, but for what it selects. */
  readonly nodes: readonly FieldNode[];
  readonly definition: GraphQLField<unknown, unknown>;
  readonly resolve: GraphQLFieldResolver<unknown, unknown>;
  readonly argsOf: ArgsOf;
  readonly complete: Complete;
}

/** Compiles what `selectionSets` together ask for of an object. */
export function compileSelection(
  compilation: Compilation,
  parentType: GraphQLObjectType,
  selectionSets: readonly SelectionSetNode[],
): Select {
  const { schema, fragments, operation } = compilation;
  const blanks: [name: string, value: unknown][] = [];
  const fields: Field[] = [];
  for (const [name, nodes] of collectFields(compilation, parentType, selectionSets)) {
    const isTypeName = nodes[0].name.value === TypeNameMetaFieldDef.name;
    blanks.push([name, isTypeName ? parentType.name : null]);
    if (!isTypeName) fields.push(compileField(compilation, parentType, name, nodes));
  }
  // Its copies have all fields, in their order, before the first is resolved; and they are made faster
  // than fields are added. Here a field `__proto__` is like any other.
  const blank: Data = Object.fromEntries(blanks);

  return (source, prev, execution) => {
    const { rootValue, contextValue, variables } = execution;
    const data = { ...blank };
    for (const field of fields) {
      const { name, nodes, definition, resolve, argsOf, complete } = field;
      const path: Path = { prev, key: name, typename: parentType.name };
      const info = {
        fieldName: definition.name,
        fieldNodes: nodes,
        returnType: definition.type,
        parentType,
        path,
        schema,
        fragments,
        rootValue,
        operation,
        variableValues: variables.values,
        // The type may have more: some packages add what graphql-js 16 does not give.
      } as GraphQLResolveInfo;
      const value = resolve(source, argsOf(variables), contextValue, info);
      if (isPromise(value)) {
        wait(execution, value, (settled) => {
          data[name] = complete(settled, path, info, execution);
        });
      } else {
        data[name] = complete(value, path, info, execution);
      }
    }
    return data;
  };
}

function compileField(
  compilation: Compilation,
  parentType: GraphQLObjectType,
  name: string,
  nodes: FieldNodes,
): Field {
  const [node] = nodes;
  const definition = parentType.getFields()[node.name.value];
  if (!definition) throw new Error(`${parentType.name} has no field ${node.name.value}`);
  return {
    name,
    nodes,
    definition,
    resolve: definition.resolve ?? defaultFieldResolver,
    argsOf: compileArgs(definition, node),
    complete: compileType(compilation, definition.type, nodes),
  };
}

function compileType(
  compilation: Compilation,
  type: GraphQLOutputType,
  nodes: readonly FieldNode[],
): Complete {
  if (isNonNullType(type)) {
    const complete = compileType(compilation, type.ofType, nodes);
    return (value, path, info, execution) => {
      const completed = complete(value, path, info, execution);
      if (completed === null) throw new Error("There is no value");
      return completed;
    };
  }
  const complete = compileValue(compilation, type, nodes);
  return (value, path, info, execution) => {
    if (value == null) return null;
    if (value instanceof Error) throw value;
    return complete(value, path, info, execution);
  };
}

/** For values that are there, and are no errors. */
function compileValue(
  compilation: Compilation,
  type: GraphQLOutputType,
  nodes: readonly FieldNode[],
): Complete {
  if (isLeafType(type)) return compileLeaf(type);
  if (isListType(type)) return compileList(compileType(compilation, type.ofType, nodes));
  const selectionSets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  if (isObjectType(type)) return compileObject(compilation, type, selectionSets);
  if (isAbstractType(type)) return compileAbstract(compilation, type, selectionSets);
  throw new TypeError(`${String(type)} may be null`);
}

function compileLeaf(type: GraphQLLeafType): Complete {
  return (value) => {
    const serialized: unknown = type.serialize(value);
    if (serialized == null) throw new Error(`The value is no ${type.name}`);
    return serialized;
  };
}

function compileList(complete: Complete): Complete {
  return (value, prev, info, execution) => {
    if (typeof value !== "object" || value === null || !(Symbol.iterator in value)) {
      throw new Error("The value is no list");
    }
    const items = Array.from(value as Iterable<unknown>);
    for (const [key, item] of items.entries()) {
      const path: Path = { prev, key, typename: undefined };
      if (isPromise(item)) {
        wait(execution, item, (settled) => {
          items[key] = complete(settled, path, info, execution);
        });
      } else {
        items[key] = complete(item, path, info, execution);
      }
    }
    return items;
  };
}

function compileObject(
  compilation: Compilation,
  type: GraphQLObjectType,
  selectionSets: readonly SelectionSetNode[],
): Complete {
  const select = compileSelection(compilation, type, selectionSets);
  return (value, path, info, execution) => {
    const isOfType = type.isTypeOf?.(value, execution.contextValue, info) ?? true;
    if (isOfType !== true) throw notOf(type, isOfType);
    return select(value, path, execution);
  };
}

/** Compiles for each type when the first object of it comes. */
function compileAbstract(
  compilation: Compilation,
  type: GraphQLAbstractType,
  selectionSets: readonly SelectionSetNode[],
): Complete {
  const resolveType = type.resolveType ?? defaultTypeResolver;
  const completes = new Map<unknown, Complete>();

  function compileFor(name: unknown): Complete {
    const objectType = typeof name === "string" ? compilation.schema.getType(name) : undefined;
    if (!isObjectType(objectType) || !compilation.schema.isSubType(type, objectType)) {
      throw notOf(type, name);
    }
    const complete = compileObject(compilation, objectType, selectionSets);
    completes.set(name, complete);
    return complete;
  }

  return (value, path, info, execution) => {
    const name = resolveType(value, execution.contextValue, info, type);
    const complete = completes.get(name) ?? compileFor(name);
    return complete(value, path, info, execution);
  };
}

/** `told` is what was told instead: a promise too, for types that take time to tell are left to graphql-js. */
function notOf(type: GraphQLObjectType | GraphQLAbstractType, told: unknown): Error {
  if (isPromise(told)) neverMind(told);
  return new Error(`The value is no ${type.name}`);
}

/** Arguments are made once, or once for an operation's variables. */
function compileArgs(definition: GraphQLField<unknown, unknown>, node: FieldNode): ArgsOf {
  if (!hasVariables(node)) {
    const args = getArgumentValues(definition, node);
    return () => args;
  }
  const argsOf: ArgsOf = ({ values, args }) => {
    const known = args.get(argsOf);
    if (known) return known;
    const made = getArgumentValues(definition, node, values);
    args.set(argsOf, made);
    return made;
  };
  return argsOf;
}

function hasVariables({ arguments: args = [] }: FieldNode): boolean {
  let found = false;
  for (const arg of args) visit(arg, { Variable: () => void (found = true) });
  return found;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
}

function wait(
  { pending }: Execution,
  promise: PromiseLike<unknown>,
  then: (value: unknown) => void,
): void {
  const settled = Promise.resolve(promise).then(then);
  // Nobody comes to it when another fails before.
  neverMind(settled);
  pending.push(settled);
}

/** A promise that nobody waits for ends the process when it is rejected. */
function neverMind(promise: PromiseLike<unknown>): void {
  promise.then(undefined, () => undefined);
}
