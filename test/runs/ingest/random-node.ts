import type { CompiledGraph, State } from "./random-graph.ts";
import type { LangGraph } from "./langgraph-versions.ts";
import { authorIn, runScript, signature, type NodeConfig, type Script } from "./random-script.ts";

/** What a random node returns: who it is. */
export interface Update {
  readonly trail: readonly string[];
}

export type Node = (state: State, config: NodeConfig) => Promise<unknown>;

/** Waits of one millisecond between the tries. */
export const RETRY_POLICY = {
  maxAttempts: 3,
  initialInterval: 1,
  jitter: false,
  logWarning: false,
};

/** The names of entrypoints: they stand in checkpoint namespaces as graphs do, and are none. */
export const ENTRYPOINT_PREFIX = "flow";

export function updateBy(node: string, config: NodeConfig): Update {
  return { trail: [signature(authorIn(node, config))] };
}

/** Runs a script; of several, the one whose number a `Send` gave it. */
export function scriptedNode(node: string, scripts: readonly Script[]): Node {
  return async (state, config) => {
    const script = scripts[Number(state.trail[0])] ?? scripts[0] ?? [];
    await runScript(node, script, config);
    return updateBy(node, config);
  };
}

/** Runs its script on each try, and fails the first ones. */
export function failingNode(node: string, script: Script, failures: number): Node {
  return async (_state, config) => {
    await runScript(node, script, config);
    if ((config.executionInfo?.nodeAttempt ?? 0) <= failures) throw new Error(`${node} fails`);
    return updateBy(node, config);
  };
}

export function silentNode(node: string, script: Script): Node {
  return async (_state, config) => runScript(node, script, config);
}

/** Calls graphs between two scripts, with its config or by LangGraph's async context alone. */
export function callingNode(
  node: string,
  scripts: readonly [before: Script, after: Script],
  children: readonly CompiledGraph[],
  passesConfig: boolean,
): Node {
  return async (_state, config) => {
    await runScript(node, scripts[0], config);
    for (const child of children) {
      await child.invoke({ trail: [] }, passesConfig ? config : undefined);
    }
    await runScript(node, scripts[1], config);
    return updateBy(node, config);
  };
}

/** An entrypoint of the functional API that runs tasks side by side, the first of them with a retry. */
export function randomEntrypoint(
  { core }: LangGraph,
  name: string,
  scripts: readonly Script[],
): CompiledGraph {
  const entry = `${ENTRYPOINT_PREFIX}${name}`;
  const tasks = scripts.map((script, index) => {
    const node = `${entry}Task${index}`;
    const run = failingNode(node, script, index === 0 ? 1 : 0);
    return core.task({ name: node, retry: RETRY_POLICY }, (state: State) =>
      run(state, core.getConfig()),
    );
  });
  return core.entrypoint(entry, async (state: State, config: NodeConfig) => {
    await runScript(entry, scripts[0] ?? [], config);
    await Promise.all(tasks.map((task) => task(state)));
    return updateBy(entry, config);
  }) as unknown as CompiledGraph;
}
