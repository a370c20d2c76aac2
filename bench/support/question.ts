/** One thing that is asked; a file in `questions/`. */
export interface Question {
  readonly title: string;
  /** What DESIGN §8 promises, in words. */
  readonly target: string;
  readonly run: (settings: Settings) => Promise<readonly Answer[]>;
}

export interface Settings {
  /** How many rounds count; one more before them does not. */
  readonly rounds: number;
  readonly isQuick: boolean;
  /** The first for a real figure, the second to see that everything works. */
  readonly size: (full: number, quick: number) => number;
  /** Whether a contestant of this name is wanted. */
  readonly wants: (name: string) => boolean;
  /** Tells somebody who waits what is being done. */
  readonly progress: (text: string) => void;
}

/** What is measured in each round. */
export interface Metric {
  readonly key: string;
  readonly label: string;
}

/** The figures of one round by metric. */
export type Sample = Readonly<Record<string, number>>;

export interface Measured {
  readonly name: string;
  readonly samples: readonly Sample[];
  /** Why there are no more samples. */
  readonly error?: string | undefined;
}

/** A promise held against what was measured. */
export interface Verdict {
  readonly text: string;
  /** NaN when it could not be measured. */
  readonly measured: number;
  readonly holds: boolean;
}

/** One table. */
export interface Answer {
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly measured: readonly Measured[];
  readonly verdicts: readonly Verdict[];
  readonly notes?: readonly string[];
  /** What the metrics, whose keys are numbers then, are points of; it is drawn. */
  readonly curve?: { readonly name: string; readonly x: string; readonly y: string };
}
