import { ConfigError } from "../../errors.ts";

/** Postgres cuts longer names off. */
const MAX_SCHEMA_BYTES = 63;

/** Throws a {@link ConfigError} on a name that cannot be one. `backend` is the function that was called. */
export function checkSchema(backend: string, schema: string): void {
  const bytes = Buffer.byteLength(schema);
  if (bytes === 0 || bytes > MAX_SCHEMA_BYTES || schema.includes("\0") || schema.includes('"')) {
    throw new ConfigError(
      `${backend}({ schema: ${JSON.stringify(schema)} }): give a name of 1 to ${MAX_SCHEMA_BYTES} bytes, without quotes`,
    );
  }
}
