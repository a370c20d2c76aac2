/** Marks the errors of every copy of this package. */
const OURS = Symbol.for("langgraph-graphql.error");

/**
 * Has `instanceof` know errors of a class, and of those that extend it, whatever copy of this package
 * made them. A process may have several: what projects without `"type": "module"` import of it is a
 * copy of their own. Those of others are known by the names of their classes.
 */
export function knowAcrossCopies(type: abstract new (...args: never) => Error): void {
  Object.defineProperty(type.prototype, OURS, { value: true });
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: typeof type, thrown: unknown): boolean {
      return isInstance(this, thrown);
    },
  });
}

function isInstance(type: abstract new (...args: never) => Error, thrown: unknown): boolean {
  try {
    if (Function.prototype[Symbol.hasInstance].call(type, thrown)) return true;
    if (typeof thrown !== "object" || thrown === null || !(OURS in thrown)) return false;
    return prototypesOf(thrown).some(({ constructor }) => constructor.name === type.name);
  } catch {
    // A proxy that does not want to be looked at.
    return false;
  }
}

function prototypesOf(value: object): readonly object[] {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null ? [] : [prototype, ...prototypesOf(prototype)];
}
