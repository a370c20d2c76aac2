import { expect } from "vitest";
import { post } from "./http.ts";

type Variables = Readonly<Record<string, unknown>>;

/** What the one root field of a query or mutation gives, which must not be refused. */
export async function ask<T>(url: string, query: string, variables: Variables = {}): Promise<T> {
  const { data, errors } = await post(url, { query, variables });
  expect(errors).toBeUndefined();
  const [value] = Object.values(data ?? {});
  return value as T;
}

/** The `extensions` of the one error that a query or mutation is refused with. */
export async function refusal(
  url: string,
  query: string,
  variables: Variables = {},
): Promise<Variables> {
  const { errors } = await post(url, { query, variables });
  expect(errors).toHaveLength(1);
  return errors?.[0]?.extensions ?? {};
}
