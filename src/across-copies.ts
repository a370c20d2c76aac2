/**
 * Marks the errors of every copy of this package. A process may have several: what projects without
 * `"type": "module"` import of it is a copy of their own.
 */
export const OURS: unique symbol = Symbol.for("langgraph-graphql.error") as never;

/** `instanceof`, for errors of other copies by the names of their classes. Of whatever was thrown. */
export function isInstance(
  type: abstract new (...args: never) => unknown,
  value: unknown,
): boolean {
  try {
    if (Function.prototype[Symbol.hasInstance].call(type, value)) return true;
    if (typeof value !== "object" || value === null || !(OURS in value)) return false;
    return prototypesOf(value).some(({ constructor }) => constructor.name === type.name);
  } catch {
    // A proxy that does not want to be looked at.
    return false;
  }
}

function prototypesOf(value: object): readonly object[] {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null ? [] : [prototype, ...prototypesOf(prototype)];
}
