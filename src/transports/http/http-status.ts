import type { GraphQLError } from "graphql";

const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  PERSISTED_QUERY_NOT_FOUND: 404,
  RUN_CONFLICT: 409,
  THREAD_BUSY: 409,
  CURSOR_EXPIRED: 410,
  INTERNAL: 500,
  ACCESS_TIMEOUT: 503,
  BACKEND_UNAVAILABLE: 503,
};

/** The HTTP status of an operation that was refused, where the transport has no other way to say so. */
export function httpStatusOf(errors: readonly GraphQLError[]): number {
  const { http, code } = errors[0]?.extensions ?? {};
  return STATUS_OF_CODE[String(code)] ?? http?.status ?? 400;
}

/** The headers of its answer: when to come back, where that is known. */
export function httpHeadersOf(
  errors: readonly GraphQLError[] | undefined,
): Readonly<Record<string, string>> {
  return errors?.[0]?.extensions.http?.headers ?? {};
}
