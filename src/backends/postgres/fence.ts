import type { PgClientLike } from "./pool.ts";

/** Whether a writer may write, as its transaction sees it; rejects if not. */
export type Fence = (client: PgClientLike) => Promise<void>;
