import { ForbiddenError, UnauthenticatedError } from "../errors.ts";
import type { AccessRequest, Action, Authorize } from "./authorize.ts";
import type { Caller } from "./caller.ts";
import { IN_ANY_TIME, type InTime } from "./in-time.ts";
import { WatchTokens } from "./watch-tokens.ts";

export interface AccessOptions {
  /** Whether only those are let in who say who they are. */
  readonly isAuthenticated: boolean;
  readonly authorize?: Authorize | undefined;
  /** @default however long the hook takes */
  readonly inTime?: InTime | undefined;
  /** @default such as only this process reads */
  readonly watchTokens?: WatchTokens | undefined;
  readonly clock?: (() => Date) | undefined;
}

/** What a run or a thread is to those who ask for it. */
export interface Owned {
  /** As it is stored: see `ownerOf`. */
  readonly viewer: string | null;
  /** Set for a run. */
  readonly runId?: string | undefined;
}

/** All that a watch token is good for. */
const OF_WATCHERS: ReadonlySet<Action> = new Set<Action>(["read", "watch"]);

/** Decides who may do what. In this order: who asks, whose it is, and what the operator allows. */
export class Access {
  readonly watchTokens: WatchTokens;
  readonly #options: AccessOptions;
  readonly #clock: () => Date;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.watchTokens = options.watchTokens ?? new WatchTokens();
    this.#clock = options.clock ?? (() => new Date());
  }

  /** Throws `UnauthenticatedError` unless it is known who asks, and what told so is still good. */
  admit({ owner, watches, expiresAt }: Caller): void {
    if (expiresAt && expiresAt <= this.#clock()) {
      throw new UnauthenticatedError("The token has expired");
    }
    if (this.#options.isAuthenticated && owner === null && watches === undefined) {
      throw new UnauthenticatedError();
    }
  }

  /** The same, and `ForbiddenError` for what the caller may do with nothing at all. */
  admitTo(action: Action, caller: Caller): void {
    this.admit(caller);
    if (caller.watches !== undefined && !OF_WATCHERS.has(action)) throw watchersOnly();
  }

  /** The same, for lists of what is the caller's. */
  admitToList(caller: Caller): void {
    this.admit(caller);
    if (caller.watches !== undefined) throw watchersOnly();
  }

  /** Whether it is the caller's, as far as the caller is shown. */
  isTheirs({ viewer, runId }: Owned, { owner, watches }: Caller): boolean {
    return viewer === owner && (watches === undefined || watches === runId);
  }

  /** Throws `ForbiddenError` where the operator does not allow it, or as the hook throws. It is the caller's. */
  async check(request: AccessRequest, caller: Caller): Promise<void> {
    if (await this.allows(request, caller)) return;
    throw new ForbiddenError(`You may not ${WORDS[request.action]} of ${request.workflow}`);
  }

  /** Whether the operator allows it. Whoever gave a watch token away was asked then. */
  async allows(request: AccessRequest, { viewer, watches }: Caller): Promise<boolean> {
    const { authorize, inTime = IN_ANY_TIME } = this.#options;
    if (!authorize || watches !== undefined) return true;
    // Not what is merely truthy: a promise within an object, say.
    return (await inTime("authorize", () => authorize(viewer, request))) === true;
  }
}

/** What the bearer of a watch token is told for all else. */
export function watchersOnly(): ForbiddenError {
  return new ForbiddenError(
    "A watch token lets its bearer read and watch its run, and nothing else",
  );
}

const WORDS: Readonly<Record<Action, string>> = {
  start: "start runs",
  continue: "continue threads",
  read: "read runs",
  watch: "watch runs",
  resume: "resume runs",
  cancel: "cancel runs",
  share: "share runs",
  readThread: "read threads",
  updateThread: "update threads",
  forkThread: "fork threads",
  deleteThread: "delete threads",
};
