import type { BaseCheckpointSaver, BaseStore } from "@langchain/langgraph";
import { checkSchema } from "../postgres/check-schema.ts";
import { openCheckpoints } from "../postgres/checkpoints.ts";
import { inSchema, PostgresDatabase } from "../postgres/database.ts";
import { loadDriver } from "../postgres/driver.ts";
import { explainOpening } from "../postgres/explain.ts";
import { inTurn, migrate } from "../postgres/migrate.ts";
import { checkServer, openPool } from "../postgres/open-pool.ts";
import type { PgPoolLike } from "../postgres/pool.ts";
import { PostgresStore } from "../postgres/store.ts";
import { CREATE_FENCES, Fences } from "./fences.ts";

/** Where the checkpoints of runs are kept whose events are in Redis. */
export type CheckpointOptions =
  | {
      /** `postgres://user:password@host:5432/database`, or a `Pool` of the package `pg`, which stays yours to close. */
      readonly postgres: string | PgPoolLike;
      /** @default "langgraph_graphql" */
      readonly schema?: string | undefined;
    }
  | {
      /**
       * Any saver of LangGraph's that all processes share. It is not fenced: an executor that stood
       * still for longer than its lease, right before a write, still makes that one. Nothing of it is
       * pruned.
       */
      readonly saver: BaseCheckpointSaver;
    };

/** What is opened of these. */
export interface Checkpoints {
  readonly saver: BaseCheckpointSaver | undefined;
  readonly store: BaseStore | undefined;
  readonly fences: Fences | undefined;
  fenced?(run: { readonly id: string; readonly epoch: number }): BaseCheckpointSaver;
  prune(threadId: string, keep: number): Promise<void>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

const DEFAULT_SCHEMA = "langgraph_graphql";

/** Rejects with a `ConfigError` that says what to do. */
export async function openRunCheckpoints(
  options: CheckpointOptions | undefined,
): Promise<Checkpoints> {
  if (options && "postgres" in options) return openInPostgres(options);
  return {
    saver: options?.saver,
    store: undefined,
    fences: undefined,
    async prune() {},
    async ping() {},
    async close() {},
  };
}

async function openInPostgres({
  postgres,
  schema = DEFAULT_SCHEMA,
}: Extract<CheckpointOptions, { readonly postgres: unknown }>): Promise<Checkpoints> {
  checkSchema("redis", schema);
  const driver = await loadDriver("redis");
  const from = typeof postgres === "string" ? { connectionString: postgres } : { pool: postgres };
  const { pool, place, close } = openPool("redis", from, driver);
  const db = new PostgresDatabase(pool, schema);
  try {
    await checkServer(pool, place);
    await migrate(pool, place, schema);
    await inTurn(pool, schema, async (client) => {
      await client.query({ text: inSchema(CREATE_FENCES, schema) });
    });
    const fences = new Fences(db, schema);
    const checkpoints = await openCheckpoints({ driver, pool, db, schema });
    return {
      saver: checkpoints.saver,
      store: new PostgresStore(db),
      fences,
      fenced: (run) => checkpoints.fenced(fences.fenceOf(run)),
      prune: (threadId, keep) => checkpoints.prune(threadId, keep),
      ping: async () => void (await db.get("SELECT 1")),
      async close() {
        db.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw explainOpening(error, place, schema);
  }
}
