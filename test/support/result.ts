/** An event as operations of these tests select it: some of its fields. */
export type EventFields = Readonly<Record<string, unknown>>;

/** A GraphQL result, whatever brought it. */
export interface Result {
  readonly data?: Readonly<Record<string, EventFields>> | null | undefined;
  readonly errors?: readonly ResultError[] | undefined;
  readonly extensions?: ResultExtensions | undefined;
}

export interface ResultError {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** Where the stream stands after a result. */
export interface ResultExtensions {
  readonly runId: string;
  readonly seq: number;
  readonly cursor: string;
}

/** The event of a subscription's result, under whatever name it was asked for. */
export function eventOf(result: Result): EventFields {
  const [event] = Object.values(result.data ?? {});
  if (!event) throw new Error(`A result without an event: ${JSON.stringify(result)}`);
  return event;
}

export function seqOf(result: Result): number {
  return extensionsOf(result).seq;
}

export function cursorOf(result: Result): string {
  return extensionsOf(result).cursor;
}

export function runIdOf(result: Result): string {
  return extensionsOf(result).runId;
}

function extensionsOf(result: Result): ResultExtensions {
  if (!result.extensions) throw new Error(`A result without a cursor: ${JSON.stringify(result)}`);
  return result.extensions;
}
