/** A GraphQL operation as it is sent. */
export interface Operation {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

/** One result of an operation, as GraphQL over HTTP and graphql-ws have it. */
export interface OperationResult<Data = Record<string, unknown>> {
  readonly data?: Data | null | undefined;
  readonly errors?: readonly ResultError[] | undefined;
  /** In a subscription where it stands: `runId`, `seq` and `cursor`. */
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

export interface ResultError {
  readonly message: string;
  /** `code` says what it is, where it was expected. */
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}
