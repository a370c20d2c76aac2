import {
  coerceInputValue,
  getOperationAST,
  GraphQLError,
  isInputType,
  isNonNullType,
  typeFromAST,
  type ExecutionArgs,
  type GraphQLSchema,
  type VariableDefinitionNode,
} from "graphql";
import type { Plugin } from "graphql-yoga";
import { BadUserInputError, type Problem } from "../../errors.ts";
import { withoutSuggestions } from "./hidden-schema.ts";

/** So many of a variable are told; a long list of wrong items must not keep the server busy. */
const MAX_PROBLEMS = 50;

/**
 * Refuses variables that do not fit their types with `BAD_USER_INPUT` and all problems, before
 * anything is executed. GraphQL would refuse them as well, in prose and without a code.
 */
export function useCheckedVariables(options: CheckOptions): Plugin {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const error = checkVariables(args, options);
      if (error) setResultAndStopExecution({ errors: [error] });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const error = checkVariables(args, options);
      if (error) setResultAndStopExecution({ errors: [error] });
    },
  };
}

export interface CheckOptions {
  /** Whether what is wrong may be told with graphql-js' guesses at what was meant. */
  readonly suggests: boolean;
}

/** What is wrong with the variables of an operation, if anything is. */
export function checkVariables(
  args: ExecutionArgs,
  { suggests }: CheckOptions = { suggests: true },
): GraphQLError | undefined {
  const { schema, document, operationName, variableValues } = args;
  const operation = getOperationAST(document, operationName);
  const definitions = operation?.variableDefinitions ?? [];
  const problems: Problem[] = [];
  for (const definition of definitions) {
    const found = problemsOf(schema, definition, variableValues ?? {});
    problems.push(...(suggests ? found : found.map(withoutGuess)));
  }
  const [first] = problems;
  if (!first) return undefined;
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : "";
  const message = `Variable "$${first.path.join(".")}" is not valid: ${first.message}${more}`;
  const { extensions } = new BadUserInputError(message, problems);
  return new GraphQLError(message, {
    nodes: definitions.filter(({ variable }) =>
      problems.some(({ path }) => path[0] === variable.name.value),
    ),
    // As for a document that is not valid: by GraphQL over HTTP that is 200 in `application/json`.
    extensions: { ...extensions, http: { spec: true, status: 400 } },
  });
}

function withoutGuess({ path, message }: Problem): Problem {
  return { path, message: withoutSuggestions(message) };
}

function problemsOf(
  schema: GraphQLSchema,
  { variable, type: typeNode, defaultValue }: VariableDefinitionNode,
  values: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  const name = variable.name.value;
  const type = typeFromAST(schema, typeNode);
  // Validation has seen to the type.
  if (!isInputType(type)) return [];
  if (!Object.hasOwn(values, name)) {
    const isMissing = isNonNullType(type) && !defaultValue;
    return isMissing
      ? [{ path: [name], message: `A value of type "${String(type)}" is required` }]
      : [];
  }
  const problems: Problem[] = [];
  try {
    coerceInputValue(values[name], type, (path, _value, error) => {
      problems.push(problemAt([name, ...path.map(String)], error));
      // There is no other way to stop it.
      if (problems.length === MAX_PROBLEMS) throw new TooManyProblems();
    });
  } catch (error) {
    if (!(error instanceof TooManyProblems)) throw error;
  }
  return problems;
}

class TooManyProblems extends Error {}

/** graphql-js tells of a field that is missing or unknown at the object that should, or should not, have it. */
const FIELD = /^Field "(.*)" (?:of required type|is not defined by type)/s;

function problemAt(path: readonly string[], error: GraphQLError): Problem {
  // What a scalar throws that is no GraphQLError was not written for clients.
  const message = error.originalError ? "Not a valid value" : error.message;
  const field = FIELD.exec(message)?.[1];
  return { path: field === undefined ? path : [...path, field], message };
}
