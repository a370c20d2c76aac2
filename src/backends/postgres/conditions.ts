import type { Value } from "./database.ts";

/** Conditions of a list that is read in pages, newest first. */
export class Conditions {
  readonly #conditions: string[] = ["TRUE"];
  readonly values: Value[] = [];

  /** Only those that come after `after` in `table`; none if it does not exist, all if it is not given. */
  constructor(table: "runs" | "threads", after: string | undefined) {
    if (after === undefined) return;
    this.add(
      (value) => `(created_at, id) < (SELECT created_at, id FROM @.${table} WHERE id = ${value})`,
      after,
    );
  }

  /** `condition` is told how `value` is called in the statement. */
  add(condition: (name: string) => string, value: Value): void {
    this.#conditions.push(condition(this.bind(value)));
  }

  /** Only those of a viewer, or of nobody; of all if it is not given. */
  addViewer(viewer: string | null | undefined): void {
    if (viewer === null) this.#conditions.push("viewer IS NULL");
    else if (viewer !== undefined) this.add((name) => `viewer = ${name}`, viewer);
  }

  /** Returns how `value` is called in the statement. */
  bind(value: Value): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  get sql(): string {
    return this.#conditions.join(" AND ");
  }
}
