/** A process that runs a scenario and kills itself at a chosen write of its checkpoints: `child.ts path scenario at`. */
import { sqlite } from "../../../src/backends/sqlite/index.ts";
import { intercept, type Interceptor } from "../../support/intercept.ts";
import { drive, start, withEngine } from "./execute.ts";
import { SCENARIOS } from "./scenarios.ts";

const [path = "", scenario = "", at] = process.argv.slice(2);
const graph = SCENARIOS[scenario]?.();
if (!graph) throw new Error(`There is no scenario ${scenario}`);

let writes = 0;
const killAt: Interceptor = (_name, act) => {
  writes += 1;
  if (writes === Number(at)) process.kill(process.pid, "SIGKILL");
  return act();
};

const real = await sqlite({ path });
const backend = {
  ...real,
  [Symbol.asyncDispose]: () => real[Symbol.asyncDispose](),
  checkpointer: real.checkpointer && intercept(real.checkpointer, ["put", "putWrites"], killAt),
};
await withEngine(backend, graph, "async", async (engine) => {
  await start(engine, "run");
  await drive(engine, "run");
});
