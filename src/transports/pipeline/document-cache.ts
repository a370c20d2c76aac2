/** Characters that the documents in a cache may have together, each with {@link ENTRY_CHARACTERS} more. */
const MAX_CHARACTERS = 1024 * 1024;

/** What an entry takes, however short its document is. */
const ENTRY_CHARACTERS = 1024;

/**
 * What parsing gave for the documents that were sent last. Bounded by their length, too: a client may
 * send as many different ones as it likes, each with a comment of a megabyte.
 */
export class DocumentCache<Parsed> {
  /** From the one that was used first to the one that was used last. */
  readonly #entries = new Map<string, Parsed>();
  #characters = 0;

  get(document: string): Parsed | undefined {
    const parsed = this.#entries.get(document);
    if (parsed === undefined) return undefined;
    this.#entries.delete(document);
    this.#entries.set(document, parsed);
    return parsed;
  }

  set(document: string, parsed: Parsed): void {
    this.#delete(document);
    this.#entries.set(document, parsed);
    this.#characters += sizeOf(document);
    for (const oldest of this.#entries.keys()) {
      if (this.#characters <= MAX_CHARACTERS) break;
      this.#delete(oldest);
    }
  }

  #delete(document: string): void {
    if (this.#entries.delete(document)) this.#characters -= sizeOf(document);
  }
}

function sizeOf(document: string): number {
  return document.length + ENTRY_CHARACTERS;
}
