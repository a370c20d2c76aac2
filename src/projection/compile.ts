import { execute, type ExecutionResult } from "graphql";
import { compileOperation, type OperationArgs, type VariableValues } from "./compile-operation.ts";

/**
 * Executes an operation for one event after another: the root value is the event's item. Variables
 * are as the client sent them, and the same object for the same variables: what is made of them is
 * kept with it.
 */
export type ExecuteFor = (
  rootValue: unknown,
  contextValue: unknown,
  variableValues: VariableValues,
) => ExecutionResult | Promise<ExecutionResult>;

/** Has graphql-js execute an operation, for each event anew. */
export function interpret(operation: OperationArgs): ExecuteFor {
  return (rootValue, contextValue, variableValues) =>
    execute({ ...operation, rootValue, contextValue, variableValues });
}

/**
 * Executes a subscription with the same results, and without looking at the document again for each
 * event. Compiling costs nothing beforehand: a selection is looked at when the first event comes that
 * it selects from. Resolvers are to do no more than read: an event with which anything goes wrong
 * is executed again by graphql-js, so that errors are always its own.
 */
export function compile(operation: OperationArgs): ExecuteFor {
  const interpreted = interpret(operation);
  const compiled = compileOperation(operation);
  if (!compiled) return interpreted;
  return (rootValue, contextValue, variableValues) => {
    try {
      const data = compiled(rootValue, contextValue, variableValues);
      if (!(data instanceof Promise)) return { data };
      return data.then(
        (settled) => ({ data: settled }),
        () => interpreted(rootValue, contextValue, variableValues),
      );
    } catch {
      return interpreted(rootValue, contextValue, variableValues);
    }
  };
}
