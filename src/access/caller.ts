import { ownerOf, type Viewer } from "./viewer.ts";

/** Who asks, and what of. Every engine method that shows or changes something takes one. */
export interface Caller {
  /** Whose runs and threads are the caller's: see `ownerOf`. `null` where nobody is identified. */
  readonly owner: string | null;
  readonly viewer: Viewer | null;
  /** The one run that the caller may watch, and nothing else: the bearer of a watch token. */
  readonly watches?: string | undefined;
  /** When what the caller has shown is no longer good. Never, when absent. */
  readonly expiresAt?: Date | undefined;
}

/** Whoever asks where nobody is identified. */
export const NOBODY: Caller = { owner: null, viewer: null };

/** A viewer who asks. Throws `TypeError`: see `ownerOf`. */
export function callerFor(viewer: Viewer, expiresAt?: Date): Caller {
  return { owner: ownerOf(viewer), viewer, expiresAt };
}

/**
 * The caller as one of many who are shown the same, and by what they are told from others. When each
 * of them must leave is no part of it.
 */
export function sharedCaller({ owner, viewer, watches }: Caller): {
  readonly key: string;
  readonly caller: Caller;
} {
  return {
    key: JSON.stringify([owner, viewer?.permissions ?? null, watches ?? null]),
    caller: { owner, viewer, watches },
  };
}

/**
 * Whose places a caller takes, where sockets and subscriptions are bounded; `null` for nobody's. Those who
 * watch one run by a token have places of their own: passing it on costs its maker none.
 */
export function placesOf({ owner, watches }: Caller): string | null {
  return owner === null || watches === undefined ? owner : JSON.stringify({ owner, watches });
}
