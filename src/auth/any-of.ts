import type { Authenticate } from "../access/authenticate.ts";
import { ConfigError, UnauthenticatedError } from "../errors.ts";

/**
 * Asks several hooks, in this order, until one knows who it is: people by `jwt`, machines by `apiKeys`.
 * Of those that refuse, the first that says why is told. What else one of them throws ends it. Throws
 * `ConfigError` for none, and for what is no hook.
 */
export function anyOf(...hooks: readonly Authenticate[]): Authenticate {
  if (hooks.length === 0 || hooks.some((hook) => typeof hook !== "function")) {
    throw new ConfigError("anyOf wants hooks: anyOf(jwt({ … }), apiKeys({ … }))");
  }
  return async (credentials) => {
    let refusal: UnauthenticatedError | undefined;
    for (const hook of hooks) {
      try {
        const authentication = await hook(credentials);
        if (authentication) return authentication;
      } catch (error) {
        if (!(error instanceof UnauthenticatedError)) throw error;
        refusal ??= error;
      }
    }
    if (refusal) throw refusal;
    return null;
  };
}
