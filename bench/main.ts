/** Answers how fast langgraph-graphql is: `npm run bench -- --help`. What is asked stands in README.md. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { QUESTIONS } from "./questions.ts";
import { describeMachine, type Machine } from "./support/machine.ts";
import { profileTo } from "./support/processes.ts";
import { writePlot } from "./support/plot.ts";
import { showProgress } from "./support/progress.ts";
import type { Answer, Settings } from "./support/question.ts";
import { line, render } from "./support/table.ts";

const RESULTS = new URL("results/", import.meta.url);

interface Flags {
  readonly rounds: number;
  readonly quick: boolean;
  readonly json: string;
  readonly plots: string;
  readonly only?: readonly string[];
  readonly langgraphServer: boolean;
  readonly profile?: string;
}

interface Result {
  readonly name: string;
  readonly title: string;
  readonly target: string;
  readonly seconds: number;
  readonly answers: readonly Answer[];
  readonly error?: string;
}

await new Command("npm run bench --")
  .description("Measures how fast langgraph-graphql is, beside its peers and the wire's own limits")
  .argument("[questions...]", `what to ask: ${Object.keys(QUESTIONS).join(", ")}; all if none`)
  .option("--rounds <number>", "how many rounds count; one more warms up", toRounds, 7)
  .option("--quick", "small sizes and three rounds: to see that it works, not for figures", false)
  .option(
    "--only <names...>",
    "only contestants whose name contains one of these, whatever the case",
  )
  .option("--no-langgraph-server", "leave out LangGraph's own server, which takes its time")
  .option("--json <file>", "where the results go", fileURLToPath(new URL("results.json", RESULTS)))
  .option("--plots <folder>", "where the curves are drawn", fileURLToPath(RESULTS))
  .option("--profile <folder>", "where every server writes a CPU profile, for Chrome's DevTools")
  .action(main)
  .parseAsync();
// Sockets may be open still.
process.exit();

async function main(names: readonly string[], flags: Flags): Promise<void> {
  const unknown = names.filter((name) => !(name in QUESTIONS));
  if (unknown.length > 0) {
    console.error(
      `There is no question ${unknown.join(", ")}; there are ${Object.keys(QUESTIONS).join(", ")}`,
    );
    process.exit(1);
  }
  if (flags.profile !== undefined) profileTo(resolve(flags.profile));
  const machine = describeMachine();
  console.log(summary(machine));
  const results: Result[] = [];
  for (const name of names.length > 0 ? names : Object.keys(QUESTIONS)) {
    const result = await ask(name, flags);
    results.push(result);
    // After each, so that what was measured is kept whatever comes.
    await mkdir(dirname(flags.json), { recursive: true });
    await writeFile(flags.json, `${JSON.stringify({ machine, flags, results }, null, 2)}\n`);
  }
  if (results.length > 1) console.log(overview(results));
  console.log(`All figures: ${flags.json}`);
  if (results.some(({ error }) => error !== undefined)) process.exitCode = 1;
}

async function ask(name: string, flags: Flags): Promise<Result> {
  const progress = showProgress();
  const startedAt = performance.now();
  let title = name;
  let target = "";
  let answers: readonly Answer[] = [];
  let error: string | undefined;
  try {
    const { question } = (await QUESTIONS[name]?.()) ?? {};
    if (!question) throw new Error("There is no such question");
    ({ title, target } = question);
    console.log(`\n${name}: ${title}\nTarget: ${target}\n`);
    answers = await question.run(settingsOf(flags, progress.say));
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  progress.end();
  for (const answer of answers) {
    console.log(render(answer));
    if (answer.curve) await writePlot(answer, answer.curve, flags.plots);
  }
  if (error !== undefined) console.error(`✘ ${name} could not be answered: ${error}\n`);
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  return { name, title, target, seconds, answers, ...(error !== undefined && { error }) };
}

function settingsOf(flags: Flags, progress: (text: string) => void): Settings {
  const { only = [""], langgraphServer, quick } = flags;
  return {
    rounds: quick ? Math.min(flags.rounds, 3) : flags.rounds,
    isQuick: quick,
    size: (full, small) => (quick ? small : full),
    wants: (name) =>
      only.some((part) => name.toLowerCase().includes(part.toLowerCase())) &&
      (langgraphServer || !name.startsWith("LangGraph's")),
    progress,
  };
}

function summary({ date, node, cpu, cpus, memoryGiB, platform, versions }: Machine): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${date}, Node ${node}, ${cpus} × ${cpu}, ${memoryGiB} GiB, ${platform}`,
    packages.join(", "),
    "Medians over rounds (least … most); ratios are medians of the ratios within each round.",
  ].join("\n");
}

function overview(results: readonly Result[]): string {
  const lines = results.flatMap(({ name, answers }) =>
    answers.flatMap(({ title, verdicts }) =>
      verdicts.map((verdict) => `${line(verdict)}   [${name}: ${title}]`),
    ),
  );
  return ["All targets", ...lines, ""].join("\n");
}

function toRounds(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds > 0) return rounds;
  throw new InvalidArgumentError("It takes a whole number from 1.");
}
