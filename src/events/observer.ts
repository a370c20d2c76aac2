/**
 * Hears what it has asked for: one of these calls for each `pull()` of the {@link Pulled} that it
 * observes, at once or later. None after `error` and `complete`, and none once that is closed. Calls
 * and not promises, because a thousand may wait for the same event. They do not throw.
 */
export interface Observer<T> {
  next(value: T): void;
  error(error: unknown): void;
  complete(): void;
}

/** What is read piece by piece, each when it is asked for. Whoever reads it closes it. */
export interface Pulled {
  /** Asks for what comes next; again only once that has come. */
  pull(): void;
  /** Lets go of it. It has closed itself after `error` and `complete`. */
  close(): void;
}
