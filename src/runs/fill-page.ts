interface Page {
  readonly first: number;
  readonly after?: string | undefined;
}

interface Found<T> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
}

/** Where a page of what is shown ends. */
export interface PageEnd {
  readonly hasMore: boolean;
  /**
   * The id of the last item that was looked at, where the next page begins: of one that is not shown,
   * where the page was given up before it was full. `null` when there was none.
   */
  readonly endCursor: string | null;
}

export interface FillPageOptions<T> {
  readonly page: Page;
  readonly read: (page: Page) => Promise<Found<T>>;
  /** Whether an item is for whoever asks. */
  readonly isShown: (item: T) => Promise<boolean>;
}

/** So many items are looked at for a page before it is given as it is. */
export const MAX_LOOKS = 500;

/** So many are read at a time, at most: a run may have a large input. */
const MAX_PART = 100;

/**
 * A page of what is shown of a list. Reads on for what is left out, in growing parts, until the page is
 * full, the list ends, or {@link MAX_LOOKS} items have been looked at: then it is short, or empty, though
 * there is more.
 */
export async function fillPage<T extends { readonly id: string }>({
  page: { first, after },
  read,
  isShown,
}: FillPageOptions<T>): Promise<{ readonly items: readonly T[] } & PageEnd> {
  const shown: T[] = [];
  let endCursor: string | null = null;
  let looks = 0;
  for (let part = first; ; part = Math.min(part * 2, MAX_PART, MAX_LOOKS - looks)) {
    const { items, hasMore } = await read({ first: part, after: endCursor ?? after });
    for (const item of items) {
      if (shown.length === first) return { items: shown, hasMore: true, endCursor };
      endCursor = item.id;
      looks++;
      if (await isShown(item)) shown.push(item);
    }
    if (!hasMore || shown.length === first || looks >= MAX_LOOKS) {
      return { items: shown, hasMore, endCursor };
    }
  }
}
