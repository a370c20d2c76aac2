import { styleText } from "node:util";
import { MultiBar, type SingleBar } from "cli-progress";
import { formatDuration } from "./duration.ts";
import type { Reporter, Summary } from "./reporter.ts";
import { answerRows, saidRows, summaryRow, taskRows, type Style } from "./rows.ts";
import type { EventFields, RunEvent } from "./run-event.ts";
import { EMPTY_VIEW, fold, type TaskView, type View } from "./view.ts";

const FRAMES_PER_SECOND = 12;

/** Rows of the terminal that are left to what was said before. */
const FREE_ROWS = 3;

/** Of an answer that is being written so many lines stay in motion; a paragraph that has ended stands above. */
const MAX_ANSWER_ROWS = 6;

const SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

// Control sequences of ECMA-48 and of DEC terminals.
const CLEAR_LINE_END = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";
const WRAP_ON = "\u001b[?7h";
const WRAP_OFF = "\u001b[?7l";
const SHOW_CURSOR = "\u001b[?25h";

export interface DrawingOptions {
  /** The terminal. */
  readonly stream: NodeJS.WriteStream;
  /** Writes to it, past whoever watches over what others write to it. */
  readonly write: (text: string) => void;
  readonly readEvent: (fields: EventFields) => RunEvent;
  /** What is run. */
  readonly title: string;
  /** What Ctrl-C does. */
  readonly hint: string;
}

/**
 * Draws a run in a terminal: below, answers as they are written, a bar for each task, and the time;
 * above, what was said once.
 */
export class Drawing implements Reporter {
  readonly #options: DrawingOptions;
  readonly #bars: MultiBar;
  /** One for each row below: to cli-progress a row is a bar. */
  readonly #rows: SingleBar[] = [];
  readonly #startedAt = Date.now();
  #view: View = EMPTY_VIEW;
  #summary: Summary | undefined;
  /** A frame is written at once: a terminal may show whatever has come so far. */
  #frame = "";
  /** What others wrote after their last line break. */
  #rest = "";

  constructor(options: DrawingOptions) {
    this.#options = options;
    this.#bars = new MultiBar({
      stream: this.#frameStream(),
      fps: FRAMES_PER_SECOND,
      hideCursor: true,
      gracefulExit: false,
      // A row that has not changed may have moved.
      forceRedraw: true,
      format: (_options, _params, { text }: { readonly text: string }) => text,
    });
    this.#bars.on("update-pre", () => this.#layOut());
    this.#bars.on("redraw-post", () => (this.#frame += CLEAR_BELOW));
    this.#bars.on("update-post", () => this.#flush());
    // Whatever ends the process, its terminal is to be what it was.
    process.once("exit", () => {
      if (!this.#summary) options.write(`\n${SHOW_CURSOR}${WRAP_ON}`);
    });
    this.#layOut();
    this.#say([this.#style("dim", options.title)]);
  }

  event(fields: EventFields): void {
    const { view, said } = fold(this.#view, this.#options.readEvent(fields));
    this.#view = view;
    for (const line of said) this.#say(saidRows(line, this.#width, this.#style));
  }

  note(text: string): void {
    if (this.#summary) this.#options.write(`${text}\n`);
    else this.#say(text.split("\n").map((line) => this.#style("yellow", line)));
  }

  /** Prints what something else in this process writes. */
  foreign(text: string): void {
    if (this.#summary) return this.#options.write(text);
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    this.#say(lines);
  }

  end(summary: Summary): void {
    if (this.#rest !== "") this.foreign("\n");
    this.#summary = summary;
    this.#say(this.#tasks(this.#answers().length).hidden);
    // Prints what is still to be said, which `stop` would not.
    this.#bars.update();
    this.#bars.stop();
    this.#flush();
  }

  /** Pseudo-terminals without a size say 0. */
  get #width(): number {
    return (this.#options.stream.columns || 80) - 1;
  }

  get #height(): number {
    return this.#options.stream.rows || 24;
  }

  get #style(): Style {
    const { stream } = this.#options;
    return (format, text) => styleText(format, text, { stream });
  }

  /** Above the rows, for good. */
  #say(lines: readonly string[]): void {
    for (const line of lines) this.#bars.log(`${WRAP_ON}${line}${CLEAR_LINE_END}\n${WRAP_OFF}`);
  }

  /** Brings the rows up to what is to be seen now. */
  #layOut(): void {
    const answers = this.#answers();
    const texts = [...answers, ...this.#tasks(answers.length).shown, this.#lastRow()];
    texts.forEach((text, i) => {
      const row = this.#rows[i];
      if (row) row.update({ text });
      else this.#rows.push(this.#bars.create(0, 0, { text }));
    });
    this.#rows.length = texts.length;
    // `remove` would draw once more for each; its list is all that there is to it.
    (this.#bars as unknown as { bars: SingleBar[] }).bars.length = texts.length;
  }

  #answers(): readonly string[] {
    return this.#view.answers
      .flatMap(({ label, text }) => answerRows(label, text, this.#width, this.#style))
      .slice(-MAX_ANSWER_ROWS);
  }

  /** What moves must fit: a terminal does not go back to rows that have left it. */
  #tasks(taken: number): { readonly shown: readonly string[]; readonly hidden: readonly string[] } {
    const { tasks } = this.#view;
    const rows = taskRows(tasks, this.#width, this.#style);
    const room = Math.max(this.#height - FREE_ROWS - taken, 1);
    if (rows.length <= room) return { shown: rows, hidden: [] };
    const isShown = chooseShown(tasks, room - 1);
    const hidden = rows.filter((_row, i) => !isShown[i]);
    const more = this.#style("dim", `… and ${hidden.length} more`);
    const shown = rows.filter((_row, i) => isShown[i]);
    return { shown: this.#summary ? shown : [...shown, more], hidden };
  }

  #lastRow(): string {
    if (this.#summary) return summaryRow(this.#summary, this.#width, this.#style);
    const elapsedMs = Date.now() - this.#startedAt;
    const spinner = SPINNER[Math.floor(elapsedMs / 100) % SPINNER.length];
    return this.#style("dim", `${spinner} ${formatDuration(elapsedMs)}  ${this.#options.hint}`);
  }

  #flush(): void {
    this.#options.write(this.#frame);
    this.#frame = "";
  }

  /** The terminal as cli-progress sees it. */
  #frameStream(): NodeJS.WritableStream {
    const write = (text: string): boolean => {
      this.#frame += text;
      return true;
    };
    // Wide without end: it would cut rows that have their width already, between colours too.
    return { isTTY: true, columns: Infinity, write } as unknown as NodeJS.WritableStream;
  }
}

/** Those that run, as far as there is room for them, then those that ended last. */
function chooseShown(tasks: readonly TaskView[], room: number): readonly boolean[] {
  const order = tasks.map((_task, i) => i).reverse();
  const running = order.filter((i) => tasks[i]?.state === "running");
  const ended = order.filter((i) => tasks[i]?.state !== "running");
  const chosen = new Set([...running, ...ended].slice(0, room));
  return tasks.map((_task, i) => chosen.has(i));
}
