import type { PgPoolLike } from "./pool.ts";

/** How to reach Postgres: one of the two. */
export interface ConnectionOptions {
  /** `postgres://user:password@host:5432/database`, as `pg` understands it. */
  readonly connectionString?: string | undefined;
  /** A `Pool` of the package `pg`. Yours: close it after the backend. Of its connections one is kept for listening. */
  readonly pool?: PgPoolLike | undefined;
  /**
   * How many connections this process has at most, the one for listening among them; from 2. Not for
   * a `pool` that is given.
   * @default 10
   */
  readonly maxConnections?: number | undefined;
}
