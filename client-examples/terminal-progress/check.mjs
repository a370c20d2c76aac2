import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";

// Ctrl-C in the middle of the run; then its own words say how to go on.
const begun = await run("node", ["main.mjs"], { interruptAt: /ProgressEvent\tsearch/ });
assert.equal(begun.code, 130, begun.errors);
const hint = /node (main\.mjs --run (\S+) --after \S+)/.exec(begun.errors);
assert.ok(hint, `it says how to go on: ${begun.errors}`);
const rest = await run("node", hint[1].split(" "));
assert.equal(rest.code, 0, rest.errors);

const whole = await run("node", ["main.mjs", "--run", hint[2]]);
assert.deepEqual([...begun.lines, ...rest.lines], whole.lines, "each event once, over the Ctrl-C");
assert.match(whole.lines.at(-1), /SUCCEEDED/);
assert.ok(!whole.output.includes("\u001B"), "a pipe gets no colours");

let bars = "no terminal to draw bars on";
if (process.platform === "linux" && existsSync("/usr/bin/script")) {
  const command = "stty cols 80; node main.mjs";
  const { output } = await run("script", ["-qec", command, "/dev/null"]);
  const drawn = output.match(/100%/g)?.length ?? 0;
  assert.ok(drawn >= 3, `a bar for each of three tasks is full: ${output}`);
  assert.ok(output.includes("the essentials."), "the model's words stand below them");
  bars = "three bars full";
}
console.log(`✔ ${whole.lines.length} events, each once over a Ctrl-C and --after; ${bars}`);

/** Runs a program to its end, or interrupts it once it has said something. */
async function run(command, args, { interruptAt } = {}) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
    if (interruptAt?.test(output)) child.kill("SIGINT");
  });
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  const [code] = await once(child, "close");
  return { code, output, errors, lines: output.trim().split("\n") };
}
