import { tool } from "@langchain/core/tools";
import { z } from "zod";
import type { Random } from "./random.ts";

/** What a random node does before it returns: its ways of writing and of letting others go first. */
export type Script = readonly Step[];

type Step =
  | { readonly kind: "write"; readonly count: number }
  | { readonly kind: "microtasks"; readonly count: number }
  | { readonly kind: "turn" }
  | { readonly kind: "turnBesideMicrotasks"; readonly count: number }
  | { readonly kind: "parallel"; readonly scripts: readonly Script[] }
  | { readonly kind: "tool"; readonly script: Script };

/** The config that LangGraph gives to nodes and, most of it, to tools and conditional edges. */
export interface NodeConfig {
  readonly writer?: (payload: unknown) => void;
  readonly executionInfo?: { readonly taskId?: string; readonly nodeAttempt?: number };
  readonly configurable?: Readonly<Record<string, unknown>>;
}

/** Whose words something is. */
export interface Author {
  /** The node's name, which is unique in the whole random graph. */
  readonly node: string;
  readonly taskId: string;
}

export function randomScript(random: Random, depth = 0): Script {
  return Array.from({ length: random.int(5 - depth) }, () => randomStep(random, depth));
}

export async function runScript(node: string, script: Script, config: NodeConfig): Promise<void> {
  for (const step of script) await runStep(node, step, config);
}

/** A tool that runs a script with the writer of its second argument. */
export function scriptedTool(node: string, script: Script, name = "write") {
  const run = async (_input: object, config: NodeConfig): Promise<string> => {
    await runScript(node, script, config);
    return "done";
  };
  return tool(run, { name, schema: z.object({}) });
}

/** Writes a payload that says who wrote it, and is text at times. */
export function write(node: string, serial: number, config: NodeConfig): void {
  const author = authorIn(node, config);
  config.writer?.(
    serial % 3 === 2
      ? `${signature(author)} ${serial}`
      : { by: signature(author), serial: [serial] },
  );
}

/** What stands in payloads and updates for their author. */
export function signature({ node, taskId }: Author): string {
  return `${node} ${taskId}`;
}

/** Reads a payload of {@link write}. */
export function authorOf(payload: unknown): Author {
  const signed = typeof payload === "string" ? payload : (payload as { readonly by: string }).by;
  const [node = "", taskId = ""] = signed.split(" ");
  return { node, taskId };
}

export function authorIn(node: string, { executionInfo, configurable }: NodeConfig): Author {
  const path = String(configurable?.["checkpoint_ns"]);
  return { node, taskId: executionInfo?.taskId ?? path.slice(path.lastIndexOf(":") + 1) };
}

function randomStep(random: Random, depth: number): Step {
  switch (random.int(depth < 2 ? 8 : 5)) {
    case 0:
    case 1:
      return { kind: "write", count: 1 + random.int(4) };
    case 2:
    case 3:
      return { kind: "microtasks", count: 1 + random.int(8) };
    case 4:
      return random.chance(0.5)
        ? { kind: "turn" }
        : { kind: "turnBesideMicrotasks", count: 1 + random.int(8) };
    case 5:
    case 6:
      return {
        kind: "parallel",
        scripts: Array.from({ length: 2 + random.int(2) }, () => randomScript(random, depth + 1)),
      };
    default:
      return { kind: "tool", script: randomScript(random, depth + 1) };
  }
}

async function runStep(node: string, step: Step, config: NodeConfig): Promise<void> {
  switch (step.kind) {
    case "write":
      for (let serial = 0; serial < step.count; serial++) write(node, serial, config);
      return;
    case "microtasks":
      return microtasks(step.count);
    case "turn":
      return turn();
    case "turnBesideMicrotasks":
      await Promise.all([turn(), microtasks(step.count)]);
      return;
    case "parallel":
      await Promise.all(step.scripts.map((script) => runScript(node, script, config)));
      return;
    case "tool":
      await scriptedTool(node, step.script).invoke({}, config);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function microtasks(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await Promise.resolve();
}
