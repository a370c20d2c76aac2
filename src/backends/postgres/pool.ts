/** What this backend asks of a pool of connections: `Pool` of the package `pg` has it. */
export interface PgPoolLike {
  connect(): Promise<PgClientLike>;
  end(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
  /** How many connections it opens, at most. */
  readonly options?: { readonly max?: number | undefined } | undefined;
}

/** One connection of a pool, which its user gives back. */
export interface PgClientLike {
  query(query: PgQuery): Promise<PgResult>;
  /** With `true` it is closed instead of used again. */
  release(isBroken?: boolean): void;
  on(event: "error" | "end", listener: (error?: Error) => void): unknown;
  on(event: "notification", listener: (message: PgNotification) => void): unknown;
  off(event: "error" | "end", listener: (error?: Error) => void): unknown;
  off(event: "notification", listener: (message: PgNotification) => void): unknown;
}

/** A statement, or several without values. */
export interface PgQuery {
  readonly text: string;
  // Mutable, as `pg` declares it.
  readonly values?: unknown[];
  /** Under this name the server keeps it parsed and planned, for as long as the connection. */
  readonly name?: string;
  readonly types?: { getTypeParser(oid: number, format?: string): (text: string) => unknown };
}

export interface PgResult {
  // oxlint-disable-next-line typescript/no-explicit-any -- what a row has is the statement's affair
  readonly rows: any[];
  readonly rowCount: number | null;
}

export interface PgNotification {
  readonly channel: string;
  readonly payload?: string | undefined;
}
