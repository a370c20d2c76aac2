import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";

const graphemes = new Intl.Segmenter();

/**
 * Text from elsewhere on one line: without escape sequences, which could do anything to a terminal,
 * and with blanks for line breaks.
 */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, " ").trim();
}

/** Text from elsewhere without escape sequences and control characters; line breaks stay. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is to go
  return stripVTControlCharacters(text).replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, " ");
}

/** The columns that a terminal needs for it. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** At most so many columns of it, with an ellipsis for the rest. */
export function truncate(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return width < 1 ? "" : `${firstColumns(text, width - 1).trimEnd()}…`;
}

/** Exactly so many columns: truncated, or filled up with blanks. */
export function fit(text: string, width: number): string {
  const truncated = truncate(text, width);
  return truncated + " ".repeat(Math.max(width - widthOf(truncated), 0));
}

/** Lines of at most so many columns, broken between words where that is possible. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(/(?<=\s)(?=\S)/)) {
      if (line !== "" && widthOf((line + word).trimEnd()) > width) {
        lines.push(line.trimEnd());
        line = "";
      }
      line += word;
      while (widthOf(line.trimEnd()) > width) {
        // One grapheme at least, or a terminal too narrow for it would never be done.
        const part = firstColumns(line, width) || firstGrapheme(line);
        lines.push(part);
        line = line.slice(part.length);
      }
    }
    lines.push(line.trimEnd());
  }
  return lines;
}

function firstGrapheme(text: string): string {
  return graphemes.segment(text).containing(0)?.segment ?? text;
}

function firstColumns(text: string, width: number): string {
  let result = "";
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) {
    columns += widthOf(segment);
    if (columns > width) break;
    result += segment;
  }
  return result;
}
