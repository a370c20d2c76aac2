interface Page {
  readonly first: number;
  readonly after?: string | undefined;
}

interface Found<T> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
}

export interface FillPageOptions<T> {
  readonly page: Page;
  readonly read: (page: Page) => Promise<Found<T>>;
  /** Whether an item is for whoever asks. */
  readonly isShown: (item: T) => Promise<boolean>;
}

/** A page of what is shown of a list, full unless the list ends: reads on for what is left out. */
export async function fillPage<T extends { readonly id: string }>({
  page: { first, after },
  read,
  isShown,
}: FillPageOptions<T>): Promise<Found<T>> {
  const shown: T[] = [];
  let place = after;
  for (;;) {
    const { items, hasMore } = await read({ first: first - shown.length, after: place });
    for (const item of items) if (await isShown(item)) shown.push(item);
    place = items.at(-1)?.id;
    if (!hasMore || shown.length === first) return { items: shown, hasMore };
  }
}
