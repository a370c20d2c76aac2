import { DIALECT, type JsonSchema } from "./json-schema.ts";
import { isStandardSchema } from "./standard-schema.ts";
import { toJsonSchema } from "./to-json-schema.ts";

/**
 * What the `responseFormat` of a LangChain agent says of its `structuredResponse`, which the
 * agent's graph does not know. `undefined` for anything that is not such an agent.
 */
export function responseSchemaOf(agent: object): JsonSchema | undefined {
  const { options } = agent as { readonly options?: { readonly responseFormat?: unknown } };
  const format = options?.responseFormat;
  if (typeof format !== "object" || format === null) return undefined;
  const answers = [format].flat().map((one) => toJsonSchema(schemaOf(one), "output"));
  // Each is a document of its own, whose references stay in it.
  const anyOf = answers.map((answer) => ({ $schema: DIALECT, ...answer }));
  return anyOf.length === 1 ? answers[0] : toJsonSchema({ anyOf }, "output");
}

/** `toolStrategy` and `providerStrategy` keep the schema that they were given as JSON Schema. */
function schemaOf(format: unknown): unknown {
  const isStrategy =
    typeof format === "object" &&
    format !== null &&
    !isStandardSchema(format) &&
    "schema" in format;
  return isStrategy ? format.schema : format;
}
