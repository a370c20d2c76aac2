import type { Peer } from "../peers.ts";
import { makeRoom } from "./engines.ts";
import { startChild, type Child } from "./processes.ts";

/**
 * Starts what serves the graph, with room of its own where it needs a database; of a cluster all
 * processes, and the gateway is the one that is asked.
 */
export async function startPeer(peer: Pick<Peer, "file" | "options">): Promise<Child> {
  const { file, options = {} } = peer;
  const { backend, isCluster = false } = options;
  if (backend !== "postgres" && backend !== "redis") return startChild(file, options);
  const roles = isCluster ? (["worker", "gateway"] as const) : (["both"] as const);
  const cluster = await startCluster({ file, options, roles });
  const asked = cluster.processes.at(-1);
  if (!asked) throw new Error("A cluster has processes");
  return { ...asked, [Symbol.asyncDispose]: cluster[Symbol.asyncDispose] };
}

/** Processes of ours that share room in a database. Dispose of it to end them and to remove that. */
export interface Cluster extends AsyncDisposable {
  /** In the order of the roles. */
  readonly processes: readonly Child[];
}

/** Starts a process for each role, one after the other. */
export async function startCluster({
  file = "ours.ts",
  options,
  roles,
}: {
  readonly file?: string;
  readonly options: object;
  readonly roles: readonly ("both" | "gateway" | "worker")[];
}): Promise<Cluster> {
  const room = makeRoom();
  const processes: Child[] = [];
  const dispose = async (): Promise<void> => {
    for (const child of processes) await child[Symbol.asyncDispose]();
    await room[Symbol.asyncDispose]();
  };
  try {
    for (const role of roles) {
      processes.push(await startChild(file, { ...options, room: room.name, role }));
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { processes, [Symbol.asyncDispose]: dispose };
}
