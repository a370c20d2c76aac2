import type { Client } from "graphql-ws";

/** What one operation tells about itself, so that its pings find it. */
export interface PingedOperation {
  /** It goes out now, on this connection. */
  readonly sent: () => void;
  /** A message of its own is being delivered now. */
  readonly heard: () => void;
  /** Its client has gone before the end. */
  readonly leave: () => void;
}

/**
 * Tells operations where they stand while nothing comes that they asked for: the server says so in
 * the payload of a `ping`, `{ id, runId, seq, cursor }`.
 *
 * The ids are graphql-ws's own, and it keeps them to itself. Here an operation's id is that of the
 * message in which its sink was called; before the first, the id that no other can have. Whose ping
 * it is stays open otherwise, and then nobody is told: the cursor of another operation skips events.
 */
export class PingCursors {
  readonly #byId = new Map<string, Operation>();
  /** Of those sent on this connection the ones whose id is not known, those that have left included. */
  readonly #unnamed = new Set<Operation>();
  #heard: Operation | undefined;

  constructor(client: Pick<Client, "on">) {
    client.on("message", (message) => this.#take(message as Message));
    client.on("closed", () => {
      this.#unnamed.clear();
      for (const [id, operation] of this.#byId) if (operation.hasLeft) this.#byId.delete(id);
    });
  }

  /** Watches for the pings of one more operation. */
  open(onPlace: (place: unknown) => void): PingedOperation {
    const operation: Operation = { onPlace, isNamed: false, hasLeft: false };
    return {
      sent: () => {
        if (!operation.isNamed) this.#unnamed.add(operation);
      },
      heard: () => {
        this.#heard = operation;
      },
      leave: () => {
        operation.hasLeft = true;
      },
    };
  }

  /** Called after the sink of the operation that the message is for. */
  #take({ type, id, payload }: Message): void {
    const heard = this.#heard;
    this.#heard = undefined;
    if (type === "next" && heard && id !== undefined) this.#name(id, heard);
    if (type === "error" && heard) this.#unnamed.delete(heard);
    if ((type === "error" || type === "complete") && id !== undefined) this.#byId.delete(id);
    if (type !== "ping" || payload?.id === undefined) return;
    const operation = this.#byId.get(payload.id) ?? this.#onlyUnnamed();
    if (operation && !operation.hasLeft) operation.onPlace(payload);
  }

  #name(id: string, operation: Operation): void {
    operation.isNamed = true;
    this.#unnamed.delete(operation);
    this.#byId.set(id, operation);
  }

  #onlyUnnamed(): Operation | undefined {
    const [operation, ...others] = this.#unnamed;
    return others.length === 0 ? operation : undefined;
  }
}

interface Operation {
  readonly onPlace: (place: unknown) => void;
  isNamed: boolean;
  hasLeft: boolean;
}

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: { readonly id?: string };
}
