/** One block of an event stream. */
export interface ServerSentEvent {
  /** The last `id:` of the stream so far. */
  readonly id: string | undefined;
  /** `message` unless the block says otherwise. */
  readonly event: string;
  /** `undefined` in a block without data, which only moves the id. */
  readonly data: string | undefined;
}

/**
 * Reads an event stream as the HTML standard says (9.2.6), with blocks that have only an id as well.
 * Ends with the stream; what comes of a last block that is not whole is dropped.
 */
export async function* readServerSentEvents(
  texts: AsyncIterable<string>,
): AsyncGenerator<ServerSentEvent, void, void> {
  let rest = "";
  let id: string | undefined;
  let event = "";
  let data: string | undefined;
  let hasFields = false;
  for await (const text of texts) {
    // A long line comes in many pieces; not all of them are looked through each time.
    const mayEndLine = /[\r\n]/.test(rest.slice(-1) + text);
    rest += text;
    if (!mayEndLine) continue;
    // A carriage return at the very end may be half of a line break.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (hasFields) yield { id, event: event || "message", data };
        event = "";
        data = undefined;
        hasFields = false;
        continue;
      }
      const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (name === "event") event = value;
      else if (name === "data") data = data === undefined ? value : `${data}\n${value}`;
      else if (name === "id" && !value.includes("\0")) id = value;
      else continue;
      hasFields = true;
    }
  }
}
