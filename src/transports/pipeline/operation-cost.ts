import { costLimitRule } from "@escape.tech/graphql-armor-cost-limit";
import {
  getOperationAST,
  getVariableValues,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  type GraphQLArgument,
  type ValidationContext,
} from "graphql";

/** The argument that says how large a page is. */
const PAGE_SIZE = "first";

type OperationArgs = Pick<
  ExecutionArgs,
  "schema" | "document" | "operationName" | "variableValues"
>;

/** So many costs of one document are kept; who sends others has them counted anew. */
const MAX_KEPT = 100;

/** The costs of a document, by the name of the operation and the variables that are sizes of pages. */
interface Counted {
  readonly sizes: readonly string[];
  readonly costs: Map<string, number>;
}

/** Counts what operations cost, once for each size of their pages. */
export class OperationCosts {
  /** As long as the documents last, which Yoga keeps for those who send them again. */
  readonly #counted = new WeakMap<DocumentNode, Counted>();

  /**
   * What an operation with valid variables costs: 1 for each field that is a value, 2 for each that is
   * an object and for each fragment, and whatever is selected of a page times the size of the page.
   */
  of(args: OperationArgs): number {
    const { document, operationName, variableValues } = args;
    const counted = this.#counted.get(document) ?? { sizes: sizesIn(document), costs: new Map() };
    this.#counted.set(document, counted);
    const { sizes, costs } = counted;
    const key = JSON.stringify([operationName, ...sizes.map((name) => variableValues?.[name])]);
    const known = costs.get(key);
    if (known !== undefined) return known;
    const cost = count(args);
    if (costs.size === MAX_KEPT) costs.clear();
    costs.set(key, cost);
    return cost;
  }
}

/** The variables that are sizes of pages. */
function sizesIn(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  visit(document, {
    Argument({ name, value }) {
      if (name.value === PAGE_SIZE && value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}

function count(args: OperationArgs): number {
  const document = withPageSizes(args);
  const operation = getOperationAST(document, args.operationName);
  if (!operation) return 0;
  let cost = 0;
  const rule = costLimitRule({
    maxCost: Number.MAX_VALUE,
    depthCostFactor: 1,
    flattenFragments: true,
    onAccept: [(_context, { n }: { readonly n: number }) => void (cost = n)],
  });
  const getFragment: ValidationContext["getFragment"] = (name) =>
    document.definitions.find(
      (definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name,
    ) as ReturnType<ValidationContext["getFragment"]>;
  // All of the context that it looks at.
  rule({ getFragment } as ValidationContext).onOperationDefinitionEnter(operation);
  return cost;
}

/** The document with all sizes of pages as numbers in it: those in variables, and those that go without saying. */
function withPageSizes({ schema, document, operationName, variableValues }: OperationArgs) {
  const types = new TypeInfo(schema);
  const operation = getOperationAST(document, operationName);
  const { coerced = {} } = getVariableValues(
    schema,
    operation?.variableDefinitions ?? [],
    variableValues ?? {},
  );
  return visit(
    document,
    visitWithTypeInfo(types, {
      Field(field) {
        const size = types.getFieldDef()?.args.find(({ name }) => name === PAGE_SIZE);
        return size && withPageSize(field, pageSize(field, size, coerced));
      },
    }),
  );
}

function pageSize(
  field: FieldNode,
  { defaultValue }: GraphQLArgument,
  variables: Readonly<Record<string, unknown>>,
): number {
  const given = field.arguments?.find(({ name }) => name.value === PAGE_SIZE)?.value;
  if (given?.kind === Kind.INT) return Number(given.value);
  const variable = given?.kind === Kind.VARIABLE ? variables[given.name.value] : undefined;
  return Number(variable ?? defaultValue);
}

function withPageSize(field: FieldNode, size: number): FieldNode {
  return {
    ...field,
    arguments: [
      {
        kind: Kind.ARGUMENT,
        name: { kind: Kind.NAME, value: PAGE_SIZE },
        value: { kind: Kind.INT, value: String(size) },
      },
    ],
  };
}
