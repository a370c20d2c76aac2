import {
  getOperationAST,
  getVariableValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  OperationTypeNode,
  visit,
  type DocumentNode,
  type ExecutionArgs,
  type FragmentDefinitionNode,
} from "graphql";
import {
  compileSelection,
  type Data,
  type Execution,
  type Select,
  type Variables,
} from "./compile-selection.ts";

/** So many combinations of what `@skip` and `@include` say share what is compiled for them. */
const MAX_SELECTIONS = 16;

/** A validated operation. */
export type OperationArgs = Pick<ExecutionArgs, "schema" | "document" | "operationName">;

export type VariableValues = Readonly<Record<string, unknown>>;

/** The data of a result without errors. Throws or rejects when anything goes wrong. */
export type CompiledOperation = (
  rootValue: unknown,
  contextValue: unknown,
  variableValues: VariableValues,
) => Data | Promise<Data>;

/** Compiles a subscription; `undefined` for what is none. */
export function compileOperation({
  schema,
  document,
  operationName,
}: OperationArgs): CompiledOperation | undefined {
  const operation = getOperationAST(document, operationName);
  const type = schema.getSubscriptionType();
  if (operation?.operation !== OperationTypeNode.SUBSCRIPTION || !type) return undefined;
  const { variableDefinitions = [], selectionSet } = operation;
  const fragments = fragmentsOf(document);
  const conditions = conditionsOf(document);
  const selects = new Map<string, Select>();
  // For as long as somebody executes with them.
  const known = new WeakMap<VariableValues, Prepared>();

  const selectFor = (variableValues: Variables["values"]): Select => {
    const key = JSON.stringify(conditions.map((name) => variableValues[name]));
    const kept = selects.get(key);
    if (kept) return kept;
    const compilation = { schema, fragments, operation, variableValues };
    const select = compileSelection(compilation, type, [selectionSet]);
    if (selects.size < MAX_SELECTIONS) selects.set(key, select);
    return select;
  };

  const prepare = (variableValues: VariableValues): Prepared => {
    const { coerced: values } = getVariableValues(schema, variableDefinitions, variableValues);
    if (!values) throw new Error("The variables are not valid");
    const prepared = { select: selectFor(values), variables: { values, args: new Map() } };
    known.set(variableValues, prepared);
    return prepared;
  };

  return (rootValue, contextValue, variableValues) => {
    const { select, variables } = known.get(variableValues) ?? prepare(variableValues);
    const execution: Execution = { rootValue, contextValue, variables, pending: [] };
    const data = select(rootValue, undefined, execution);
    return execution.pending.length === 0 ? data : settle(data, execution);
  };
}

/** What executing with some variables takes. */
interface Prepared {
  readonly select: Select;
  readonly variables: Variables;
}

async function settle(data: Data, { pending }: Execution): Promise<Data> {
  // An array grows while it is read, and then is read further.
  for (const settled of pending) await settled;
  return data;
}

function fragmentsOf({ definitions }: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments = Object.create(null) as Record<string, FragmentDefinitionNode>;
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  return fragments;
}

/** The variables that `@skip` and `@include` read. */
function conditionsOf(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  visit(document, {
    Directive(directive) {
      if (!CONDITIONS.has(directive.name.value)) return;
      visit(directive, { Variable: ({ name }) => void names.add(name.value) });
    },
  });
  return [...names];
}

const CONDITIONS: ReadonlySet<string> = new Set([
  GraphQLSkipDirective.name,
  GraphQLIncludeDirective.name,
]);
