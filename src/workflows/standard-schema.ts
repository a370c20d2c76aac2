import type { Problem } from "../errors.ts";

/**
 * A schema of any library that follows https://standardschema.dev: the part of its interface that
 * is needed here. Zod (3.24 and later), Valibot and ArkType do.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => ValidationResult<Output> | PromiseLike<unknown>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a value is before its schema has filled in defaults and applied transforms. */
export type InputOf<Schema extends StandardSchemaV1> = NonNullable<
  Schema["~standard"]["types"]
>["input"];

/** What a schema made of a value, or what is wrong with it. */
export type ValidationResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

/** What is wrong with a value, as Standard Schema and every Zod say it. */
export interface Issue {
  readonly message?: string | undefined;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema that can also say what it is as JSON Schema: https://standardschema.dev/json-schema. */
export interface StandardJsonSchemaV1 {
  readonly "~standard": {
    readonly vendor: string;
    readonly jsonSchema: Readonly<Record<"input" | "output", (options: object) => object>>;
  };
}

/** Whether `value` is a Standard Schema. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  return typeof standardOf(value)?.["validate"] === "function";
}

/** Whether `value` is a schema that can be had as JSON Schema from itself. */
export function isStandardJsonSchema(value: unknown): value is StandardJsonSchemaV1 {
  const jsonSchema = standardOf(value)?.["jsonSchema"];
  return typeof jsonSchema === "object" && jsonSchema !== null;
}

/** What a schema says at once; `undefined` where it has to be waited for. Throws what it throws. */
export function validateNow<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  value: unknown,
): ValidationResult<Output> | undefined {
  const result = schema["~standard"].validate(value);
  if (!("then" in result)) return result;
  // Nobody waits for it, so nobody may hear of its failure.
  result.then(undefined, () => {});
  return undefined;
}

/** The issues as problems, below the path `at`. */
export function toProblems(
  issues: readonly Issue[],
  at: readonly string[] = [],
): readonly Problem[] {
  return issues.map(({ path = [], message = "Not valid" }) => ({
    path: [
      ...at,
      ...path.map((segment) => String(typeof segment === "object" ? segment.key : segment)),
    ],
    message,
  }));
}

function standardOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  // ArkType's schemas are functions.
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    return undefined;
  }
  const standard = "~standard" in value ? value["~standard"] : undefined;
  return typeof standard === "object" && standard !== null
    ? (standard as Readonly<Record<string, unknown>>)
    : undefined;
}
