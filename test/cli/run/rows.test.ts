import { expect, test } from "vitest";
import { saidRows, taskRows } from "../../../src/cli/run/rows.ts";
import { widthOf } from "../../../src/cli/run/terminal-text.ts";
import type { TaskView } from "../../../src/cli/run/view.ts";

const noStyle = (_format: unknown, text: string): string => text;

const task = (fields: Partial<TaskView>): TaskView => ({
  key: "1",
  label: "work",
  state: "running",
  current: 1,
  total: null,
  status: "",
  ...fields,
});

test("tasks stand below each other, whatever is known of them", () => {
  const tasks = [
    task({ label: "plan", state: "done", current: null, status: "Planned" }),
    task({ label: "search", current: 7, status: "Searching" }),
    task({ label: "read", current: 1_200, total: 3_000, status: "Reading" }),
    task({ label: "print", state: "failed", current: 1, total: 2, status: "No ink" }),
  ];
  expect(taskRows(tasks, 64, noStyle)).toEqual([
    "✔ plan                                         Planned",
    "● search                                    7  Searching",
    "● read    ━━━━━━──────────   40%  1,200/3,000  Reading",
    "✖ print   ━━━━━━━━────────   50%          1/2  No ink",
  ]);
});

test("tasks of which nobody knows a total are counters, without bars and percentages", () => {
  expect(taskRows([task({ current: 12, status: "Planning" })], 60, noStyle)).toEqual([
    "● work  12  Planning",
  ]);
});

test.each([20, 40, 80])("no row is wider than a terminal of %i columns", (width) => {
  const text = "很长 and long 🎉 ".repeat(20);
  const rows = [
    ...taskRows([task({ label: text, total: 2, status: text })], width, noStyle),
    ...(["answer", "custom", "declared", "failure", "interrupt"] as const).flatMap((kind) =>
      saidRows({ kind, label: "work", text }, width, noStyle),
    ),
  ];
  for (const row of rows) expect(widthOf(row)).toBeLessThanOrEqual(width);
});

test("what nodes say cannot command the terminal, nor begin a new line in a bar", () => {
  const status = "\u001b[2Jone\ntwo\u009b1A";
  const rows = [
    ...taskRows([task({ status })], 60, noStyle),
    ...saidRows({ kind: "answer", label: "work", text: status }, 60, noStyle),
  ];
  expect(rows).toEqual(["● work  1  one two", "work │ one", "work │ two"]);
});
