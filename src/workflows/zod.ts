import type { z } from "zod";
import type { StandardSchemaV1 } from "./standard-schema.ts";

/** A schema of Zod 4, of any copy of the package, `zod/mini` included. */
export type Zod4Schema = z.core.$ZodType;

/** A schema of Zod 3: what is read of it, which has not changed in years. */
export interface Zod3Schema extends StandardSchemaV1 {
  readonly _def: { readonly typeName: string };
}

/** Whether `value` is a schema of Zod 4. */
export function isZod4(value: unknown): value is Zod4Schema {
  return typeof value === "object" && value !== null && "_zod" in value;
}

/** Whether `value` is a schema of Zod 3. */
export function isZod3(value: unknown): value is Zod3Schema {
  if (typeof value !== "object" || value === null || !("_def" in value) || "_zod" in value) {
    return false;
  }
  const def = value._def;
  return typeof def === "object" && def !== null && "typeName" in def;
}

/** The fields of a Zod object of either version; `undefined` for anything else. */
export function shapeOf(value: unknown): Readonly<Record<string, object>> | undefined {
  if (isZod4(value)) {
    const { def } = value._zod as z.core.$ZodObject["_zod"];
    return def.type === "object" ? def.shape : undefined;
  }
  if (isZod3(value) && value._def.typeName === "ZodObject") {
    return (value as unknown as { readonly shape: Readonly<Record<string, object>> }).shape;
  }
  return undefined;
}
