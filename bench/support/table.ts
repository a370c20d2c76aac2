import Table from "cli-table3";
import type { Answer, Measured, Verdict } from "./question.ts";
import { format, median } from "./statistics.ts";

/** An answer as a person reads it: medians, with the least and the most of the rounds beside them. */
export function render({ title, metrics, measured, verdicts, notes = [] }: Answer): string {
  const table = new Table({
    head: ["", ...metrics.map(({ label }) => label)],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", ...metrics.map(() => "right" as const)],
  });
  for (const one of measured) {
    table.push([one.name, ...metrics.map(({ key }) => cell(one, key))]);
  }
  const failed = measured
    .filter(({ error }) => error !== undefined)
    .map(({ name, error }) => `✘ ${name} failed: ${error}`);
  const lines = [title, table.toString(), ...verdicts.map(line), ...failed, ...notes];
  return `${lines.join("\n")}\n`;
}

function cell({ samples, error }: Measured, key: string): string {
  const values = samples.map((sample) => sample[key] ?? Number.NaN);
  if (values.length === 0) return error === undefined ? "–" : "failed";
  const middle = format(median(values));
  if (values.length === 1) return middle;
  return `${middle}  (${format(Math.min(...values))} … ${format(Math.max(...values))})`;
}

export function line({ text, measured, holds }: Verdict): string {
  if (Number.isNaN(measured)) return `? ${text}: not measured`;
  return `${holds ? "✔" : "✘"} ${text}: ${format(measured)}`;
}
