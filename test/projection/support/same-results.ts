import { parse, validate, type GraphQLError, type GraphQLSchema } from "graphql";
import { expect } from "vitest";
import { compile, interpret } from "../../../src/projection/compile.ts";
import { compileOperation } from "../../../src/projection/compile-operation.ts";
import type { Result } from "../../support/result.ts";
import { GIVEN, withoutRootArguments } from "../../../src/projection/without-root-arguments.ts";

export interface Executed {
  readonly schema: GraphQLSchema;
  readonly text: string;
  /** Executed with each of them, one after the other. */
  readonly items: readonly unknown[];
  /** And with each of these. @default none */
  readonly variables?: readonly object[] | undefined;
  /** Whether graphql-js may be asked again for results without errors too. @default false */
  readonly mayAskAgain?: boolean;
}

const CONTEXT = {};

/** Whether graphql-js takes an operation. */
export function isValid(schema: GraphQLSchema, text: string): boolean {
  return validate(schema, parse(text)).length === 0;
}

/**
 * Executes a subscription compiled and by graphql-js, and expects equal results; and that graphql-js
 * is not asked again but for results with errors. Returns the results.
 */
export async function expectSameResults(executed: Executed): Promise<readonly Result[]> {
  const { schema, text, items, mayAskAgain = false } = executed;
  const { document } = withoutRootArguments({ schema, document: parse(text) });
  const interpreted = interpret({ schema, document });
  const compiled = compile({ schema, document });
  const withoutErrors = compileOperation({ schema, document });
  const variables = (executed.variables ?? [{}]).map((values) => ({ ...values, [GIVEN]: true }));
  const results: Result[] = [];
  for (const item of items) {
    for (const values of variables) {
      const expected = await interpreted(item, CONTEXT, values);
      const result = await compiled(item, CONTEXT, values);
      expect(Object.keys(result)).toEqual(Object.keys(expected));
      // The text tells the order of fields.
      expect(JSON.stringify(result)).toBe(JSON.stringify(expected));
      expect(result.data).toEqual(expected.data);
      expect(result.errors?.map(insideOf)).toEqual(expected.errors?.map(insideOf));
      if (!expected.errors && !mayAskAgain) {
        expect(await withoutErrors?.(item, CONTEXT, values)).toEqual(expected.data);
      }
      results.push(JSON.parse(JSON.stringify(result)) as Result);
    }
  }
  return results;
}

/** What its JSON does not show of an error. */
function insideOf({ originalError, nodes, positions }: GraphQLError) {
  return {
    original: originalError?.constructor,
    message: originalError?.message,
    nodes,
    positions,
  };
}
