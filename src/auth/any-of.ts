import type { Authenticate } from "../access/authenticate.ts";
import { ConfigError } from "../errors.ts";

/**
 * Asks several hooks, in this order, until one knows who it is: people by `jwt`, machines by `apiKeys`.
 * What one of them throws ends it. Throws `ConfigError` for none, and for what is no hook.
 */
export function anyOf(...hooks: readonly Authenticate[]): Authenticate {
  if (hooks.length === 0 || hooks.some((hook) => typeof hook !== "function")) {
    throw new ConfigError("anyOf wants hooks: anyOf(jwt({ … }), apiKeys({ … }))");
  }
  return async (credentials) => {
    for (const hook of hooks) {
      const authentication = await hook(credentials);
      if (authentication) return authentication;
    }
    return null;
  };
}
