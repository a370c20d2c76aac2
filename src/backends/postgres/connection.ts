import type { PgClientLike, PgPoolLike } from "./pool.ts";

/** How long a transaction may wait for us: one that is forgotten would keep others from its rows. */
const IDLE_IN_TRANSACTION_MS = 3_000;

/**
 * Begins a transaction that the server ends when this process stops amid it, so that a run which it
 * has a lock on can be taken over.
 */
export const BEGIN = `BEGIN; SET LOCAL idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`;

/**
 * A connection of the pool, to be released. One that breaks while it is out says so by an event, too,
 * which would end the process if nobody listened; the next statement on it fails all the same.
 */
export async function checkOut(pool: PgPoolLike): Promise<PgClientLike> {
  const client = await pool.connect();
  let isBroken = false;
  const onError = () => {
    isBroken = true;
  };
  client.on("error", onError);
  return {
    query: (query) => client.query(query),
    on: (event: never, listener: never) => client.on(event, listener),
    off: (event: never, listener: never) => client.off(event, listener),
    release(isToBeClosed = false) {
      client.off("error", onError);
      client.release(isToBeClosed || isBroken);
    },
  };
}
