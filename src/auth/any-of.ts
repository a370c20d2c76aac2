import type { Authenticate } from "../access/authenticate.ts";

/**
 * Asks several hooks, in this order, until one knows who it is: people by `jwt`, machines by `apiKeys`.
 * What one of them throws ends it.
 */
export function anyOf(...hooks: readonly Authenticate[]): Authenticate {
  return async (credentials) => {
    for (const hook of hooks) {
      const authentication = await hook(credentials);
      if (authentication) return authentication;
    }
    return null;
  };
}
