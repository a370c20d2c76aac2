/** Stands in for a call of the method `name`; `act` makes that call. */
export type Interceptor = <T>(name: string, act: () => Promise<T>) => Promise<T>;

/** The same object, but for the methods named, whose calls go through `interceptor`. */
export function intercept<T extends object>(
  target: T,
  names: readonly (keyof T & string)[],
  interceptor: Interceptor,
): T {
  return new Proxy(target, {
    get(_target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      const call = member.bind(target) as (...args: unknown[]) => Promise<unknown>;
      if (!names.some((one) => one === name)) return call;
      return (...args: unknown[]) => interceptor(String(name), () => call(...args));
    },
  });
}
