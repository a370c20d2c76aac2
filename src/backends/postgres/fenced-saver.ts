import type { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import type { Pool } from "pg";
import { BEGIN, checkOut } from "./connection.ts";
import type { Fence } from "./fence.ts";
import type { PgPoolLike, PgQuery } from "./pool.ts";
import { rethrowExplained } from "./explain.ts";
import { persistently } from "./transient.ts";

export interface SaverOptions {
  /** The class of LangGraph's that is to be used. */
  readonly Saver: typeof PostgresSaver;
  readonly pool: PgPoolLike;
  readonly schema: string;
  /** Asked in every transaction that writes, before anything is written. @default all may write */
  readonly fence?: Fence | undefined;
}

/**
 * LangGraph's saver of checkpoints, which keeps nothing more once `fence` says so. What breaks off is
 * tried again: all it writes goes to a place of its own.
 */
export function fencedSaver({ Saver, pool, schema, fence }: SaverOptions): PostgresSaver {
  class FencedSaver extends Saver {
    override put(...args: Parameters<PostgresSaver["put"]>): ReturnType<PostgresSaver["put"]> {
      return reliably(() => super.put(...args));
    }

    override putWrites(...args: Parameters<PostgresSaver["putWrites"]>): Promise<void> {
      return reliably(() => super.putWrites(...args));
    }

    override getTuple(
      ...args: Parameters<PostgresSaver["getTuple"]>
    ): ReturnType<PostgresSaver["getTuple"]> {
      return reliably(() => super.getTuple(...args));
    }

    override deleteThread(threadId: string): Promise<void> {
      return reliably(() => super.deleteThread(threadId));
    }

    /**
     * LangGraph's counts 1, 2, 3 … on every branch of a thread, and keeps a channel's values by this
     * number: one branch would read what the other has written.
     */
    override getNextVersion(current: number | undefined): number {
      return Math.floor(current ?? 0) + 1 + Math.random();
    }
  }
  return new FencedSaver(fencedPool(pool, fence), undefined, { schema });
}

function reliably<T>(work: () => Promise<T>): Promise<T> {
  return persistently(work).catch(rethrowExplained);
}

/** The little of a pool that LangGraph's saver uses. */
function fencedPool(pool: PgPoolLike, fence: Fence | undefined): Pool {
  const connect = async () => {
    const client = await checkOut(pool);
    return {
      async query(text: string, values?: unknown[]) {
        if (text !== "BEGIN") return client.query({ text, ...(values && { values }) });
        await client.query({ text: BEGIN });
        return fence?.(client);
      },
      release: () => client.release(),
    };
  };
  const query = async (text: string, values: unknown[]) => {
    const client = await checkOut(pool);
    try {
      return await client.query({ text, values } satisfies PgQuery);
    } finally {
      client.release();
    }
  };
  return { connect, query } as unknown as Pool;
}
