import type { styleText } from "node:util";
import { formatCount, formatPercent, fractionOf } from "./progress-text.ts";
import type { Summary } from "./reporter.ts";
import { fit, oneLine, printable, truncate, widthOf, wrap } from "./terminal-text.ts";
import type { SaidLine, TaskView } from "./view.ts";

type Format = Parameters<typeof styleText>[0];

/** Gives text a colour, or leaves it as it is where the terminal or `NO_COLOR` wants none. */
export type Style = (format: Format, text: string) => string;

const MARKS = {
  running: ["cyan", "●"],
  done: ["green", "✔"],
  failed: ["red", "✖"],
  stopped: ["yellow", "■"],
  waiting: ["yellow", "?"],
} as const;

/** The widths of the columns that all rows share. */
interface Columns {
  readonly label: number;
  readonly bar: number;
  readonly percent: number;
  readonly count: number;
}

const WIDEST_BAR = 24;

/** A terminal of fewer columns has room for the percentage only. */
const NARROWEST_WITH_BAR = 36;

/** A row for each task: name, bar, percent, count and what it said last, each below the other. */
export function taskRows(
  tasks: readonly TaskView[],
  width: number,
  style: Style,
): readonly string[] {
  const columns = columnsOf(tasks, width);
  return tasks.map((task) => taskRow(task, columns, width, style));
}

/** The last row: what goes on, then how it ended. */
export function summaryRow({ mark, text }: Summary, width: number, style: Style): string {
  return `${markOf(mark, style)} ${truncate(oneLine(text), width - 2)}`;
}

/** What is said once, in as many lines as it needs. */
export function saidRows({ kind, label, text }: SaidLine, width: number, style: Style) {
  switch (kind) {
    case "answer":
      return answerRows(label, text, width, style);
    case "custom":
      return [style("dim", truncate(`  ${label}  ${oneLine(text)}`, width))];
    case "declared":
      return marked(style("magenta", "◆"), `${label}  ${oneLine(text)}`, width);
    case "failure":
      return marked(markOf("failed", style), `${label}  ${oneLine(text)}`, width);
    case "interrupt":
      return [
        `${markOf("waiting", style)} interrupt ${label}`,
        ...wrap(printable(text), width - 2).map((line) => `  ${line}`),
      ];
  }
}

/** Text of a chat model behind the name of its node, which tells two that write at once apart. */
export function answerRows(
  label: string,
  text: string,
  width: number,
  style: Style,
): readonly string[] {
  const name = truncate(label, Math.floor(width / 3));
  const lines = wrap(printable(text), width - widthOf(name) - 3);
  return lines.map((line) => `${style("blue", `${name} │`)} ${line}`);
}

function taskRow(task: TaskView, columns: Columns, width: number, style: Style): string {
  const { label, state, current, total, status } = task;
  const progress = current === null ? undefined : { current, total };
  const cells = [
    `${markOf(state, style)} ${fit(label, columns.label)}`,
    drawBar(progress && fractionOf(progress), state, columns.bar, style),
    (progress ? formatPercent(progress) : "").padStart(columns.percent),
    (progress ? formatCount(progress) : "").padStart(columns.count),
  ].filter((cell) => cell !== "");
  const left = cells.join("  ");
  const said = truncate(oneLine(status), width - widthOf(left) - 2);
  return `${left}  ${state === "failed" ? style("red", said) : said}`.trimEnd();
}

function columnsOf(tasks: readonly TaskView[], width: number): Columns {
  const progress = tasks.flatMap(({ current, total }) =>
    current === null ? [] : [{ current, total }],
  );
  const hasFractions = progress.some((each) => fractionOf(each) !== null);
  return {
    label: Math.min(widest(tasks.map(({ label }) => label)), Math.floor(width * 0.35)),
    bar:
      hasFractions && width >= NARROWEST_WITH_BAR ? Math.min(Math.floor(width / 4), WIDEST_BAR) : 0,
    percent: hasFractions ? "100%".length : 0,
    count: widest(progress.map(formatCount)),
  };
}

function drawBar(
  fraction: number | null | undefined,
  state: TaskView["state"],
  width: number,
  style: Style,
): string {
  if (fraction == null) return " ".repeat(width);
  const full = Math.floor(fraction * width);
  return style(MARKS[state][0], "━".repeat(full)) + style("dim", "─".repeat(width - full));
}

/** A text that may need more lines, behind a mark. */
function marked(mark: string, text: string, width: number): readonly string[] {
  return wrap(text, width - 2).map((line, i) => `${i === 0 ? mark : " "} ${line}`);
}

function markOf(mark: keyof typeof MARKS, style: Style): string {
  const [colour, sign] = MARKS[mark];
  return style(colour, sign);
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(widthOf));
}
