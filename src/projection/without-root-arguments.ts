import {
  getOperationAST,
  isRequiredArgument,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type ExecutionArgs,
  type VariableDefinitionNode,
} from "graphql";

/** Stands in for arguments that must be there. No document can have a variable of this name. */
export const GIVEN = "(given)";

/** An operation as its events are executed. */
export interface EventOperation {
  readonly document: DocumentNode;
  /** The variables that it still has, but for {@link GIVEN}, which must be `true`. */
  readonly variables: readonly string[];
}

/**
 * The same operation for executing its events. graphql-js coerces variables and arguments with each
 * event again, however large they are; those of the root field have done their work when the events
 * begin, and its resolver for events does not read them.
 */
export function withoutRootArguments({
  schema,
  document: original,
  operationName,
}: Pick<ExecutionArgs, "schema" | "document" | "operationName">): EventOperation {
  const typeInfo = new TypeInfo(schema);
  const root = schema.getSubscriptionType();
  const document: DocumentNode = visit(
    original,
    visitWithTypeInfo(typeInfo, {
      Field(node) {
        if (typeInfo.getParentType() !== root) return undefined;
        const required = typeInfo.getFieldDef()?.args.filter(isRequiredArgument) ?? [];
        const given = { kind: Kind.VARIABLE, name: nameOf(GIVEN) } as const;
        return {
          ...node,
          arguments: required.map(({ name }) => ({
            kind: Kind.ARGUMENT,
            name: nameOf(name),
            value: given,
          })),
        };
      },
    }),
  );
  const used = usedVariables(document);
  const operation = getOperationAST(document, operationName);
  const definitions = (operation?.variableDefinitions ?? []).filter(({ variable }) =>
    used.has(variable.name.value),
  );
  return {
    document: {
      ...document,
      definitions: document.definitions.map((definition) =>
        definition === operation
          ? { ...operation, variableDefinitions: [...definitions, GIVEN_DEFINITION] }
          : definition,
      ),
    },
    variables: definitions.map(({ variable }) => variable.name.value),
  };
}

const GIVEN_DEFINITION: VariableDefinitionNode = {
  kind: Kind.VARIABLE_DEFINITION,
  variable: { kind: Kind.VARIABLE, name: nameOf(GIVEN) },
  type: { kind: Kind.NAMED_TYPE, name: nameOf("Boolean") },
};

function usedVariables(document: DocumentNode): ReadonlySet<string> {
  const used = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name }) => void used.add(name.value),
  });
  return used;
}

function nameOf(value: string) {
  return { kind: Kind.NAME, value } as const;
}
