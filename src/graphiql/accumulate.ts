/** What one event of a subscription carries: a result as graphql-ws delivers it. */
export interface ArrivedResult {
  readonly data?: Readonly<Record<string, unknown>> | null | undefined;
  readonly errors?: readonly unknown[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** What the response pane shows of a subscription: all its results so far, as one. */
export interface ShownResult {
  /** How many events came before the oldest one in `data`. Absent while there are none. */
  readonly olderEventsNotShown?: number;
  /** Under each response key its events, oldest first. */
  readonly data?: Readonly<Record<string, readonly unknown[]>>;
  /** The errors of every result, oldest first. */
  readonly errors?: readonly unknown[];
  /** The extensions of the last result that had some. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

const MAX_SHOWN_EVENTS = 1_000; // Monaco lays that many out within a frame or two

/**
 * Adds results to what the pane shows and returns what it shows next; changes neither input.
 * At most `limit` events a response key, and as many errors, are kept: the newest.
 */
export function accumulate(
  shown: ShownResult,
  arrivals: readonly ArrivedResult[],
  limit: number = MAX_SHOWN_EVENTS,
): ShownResult {
  const lists = new Map(Object.entries(shown.data ?? {}).map(([key, list]) => [key, [...list]]));
  const errors = [...(shown.errors ?? [])];
  let { extensions } = shown;
  for (const arrival of arrivals) {
    for (const [key, event] of Object.entries(arrival.data ?? {})) {
      const list = lists.get(key);
      if (list) list.push(event);
      else lists.set(key, [event]);
    }
    errors.push(...(arrival.errors ?? []));
    extensions = arrival.extensions ?? extensions;
  }

  let older = shown.olderEventsNotShown ?? 0;
  for (const list of lists.values()) older += dropOldest(list, limit);
  dropOldest(errors, limit);

  // The order of the keys is the order on the page.
  return {
    ...(older > 0 && { olderEventsNotShown: older }),
    ...(lists.size > 0 && { data: Object.fromEntries(lists) }),
    ...(errors.length > 0 && { errors }),
    ...(extensions && { extensions }),
  };
}

/** Shortens `list` to its newest `limit` entries; returns how many went. */
function dropOldest(list: unknown[], limit: number): number {
  return list.splice(0, Math.max(0, list.length - limit)).length;
}
