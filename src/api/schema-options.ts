import type { GraphQLScalarType } from "graphql";

/** How the schema is to fit in beside others. Its own file: it is public, and Pothos' types are not. */
export interface SchemaOptions {
  /** Put before the names of all types and root fields, for a schema that has a `Run` already. */
  readonly prefix?: string | undefined;
  /** Scalars of the host's own to use for `JSON` and `DateTime`. */
  readonly scalars?: ScalarOverrides | undefined;
  /**
   * Makes the schema a subgraph of Apollo Federation 2: `Run`, `Thread` and `Workflow` are
   * entities, and `_service { sdl }` is what to compose. @default false
   */
  readonly federation?: boolean | undefined;
}

/** Scalars that replace ours, for a schema that has its own. */
export interface ScalarOverrides {
  readonly JSON?: GraphQLScalarType | undefined;
  readonly DateTime?: GraphQLScalarType | undefined;
}
