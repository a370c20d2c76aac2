import type { Thread } from "../../runs/thread.ts";
import type { PageRequest, ThreadPage, ViewerFilter } from "../../runs/run-store.ts";
import { readThread, type ThreadRow } from "../thread-row.ts";
import type { SqliteDatabase } from "./database.ts";
import { keyset } from "./keyset.ts";

/** The records of threads. */
export class Threads {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  get(threadId: string): Thread | undefined {
    const row = this.#db.get<ThreadRow>("SELECT * FROM threads WHERE id = ?", threadId);
    return row && readThread(row);
  }

  /** Stores it unless there is one with its id; returns whether it did. */
  add(thread: Thread): boolean {
    return this.#insert("INSERT OR IGNORE", thread);
  }

  put(thread: Thread): void {
    this.#insert("INSERT OR REPLACE", thread);
  }

  remove(threadId: string): void {
    this.#db.run("DELETE FROM threads WHERE id = ?", threadId);
  }

  list({ viewer }: ViewerFilter, page: PageRequest): ThreadPage {
    const { conditions, values } = keyset("threads", page.after);
    if (viewer !== undefined) {
      conditions.push("viewer IS ?");
      values.push(viewer);
    }
    const rows = this.#db.all<ThreadRow>(
      `SELECT * FROM threads WHERE ${conditions.join(" AND ")}
       ORDER BY created_at DESC, id DESC LIMIT ?`,
      ...values,
      page.first + 1,
    );
    return {
      threads: rows.slice(0, page.first).map(readThread),
      hasMore: rows.length > page.first,
    };
  }

  #insert(verb: "INSERT OR IGNORE" | "INSERT OR REPLACE", thread: Thread): boolean {
    const changes = this.#db.run(
      `${verb} INTO threads (id, viewer, workflow, is_named, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
      thread.id,
      thread.viewer,
      thread.workflow,
      thread.isNamed ? 1 : 0,
      thread.createdAt.getTime(),
      thread.updatedAt.getTime(),
    );
    return changes > 0;
  }
}
