import { url as inspectorUrl } from "node:inspector";
import type { Logger } from "../logger.ts";
import { NodeTime, type NodeTimeSpent } from "./node-time.ts";

/** A pause that a user interface shows. */
const BLOCKED_MS = 250;

/** How often the event loop is looked at while runs are executed. */
const BEAT_MS = 50;

const CLOSE_LOOK_MS = 60_000;

/** After a close look there is no other for so long; nor is the same node named again. */
const REST_MS = 600_000;

export interface BlockedLoopOptions {
  readonly logger: Logger;
  readonly clock: () => Date;
}

/**
 * Tells the log which node blocked the event loop, which all runs and streams of a process share. A
 * timer that is late says that something did. Who did it is only known if {@link NodeTime} was open,
 * which has its price: it is for the first execution of each workflow, since what blocks often does
 * so at once, and for a minute after the loop was blocked. A node is named only if its own code ran for so long.
 */
export class BlockedLoop {
  readonly #options: BlockedLoopOptions;
  readonly #nodeTime = new NodeTime();
  /** The workflows that have been executed. */
  readonly #known = new Set<string>();
  /** When each node was last named. */
  readonly #named = new Map<string, number>();
  #watched = 0;
  #watchedClosely = 0;
  #timer: NodeJS.Timeout | undefined;
  #beatAt = 0;
  #closeLookUntil = 0;
  #restUntil = 0;

  constructor(options: BlockedLoopOptions) {
    this.#options = options;
  }

  /**
   * Watches while an execution of a workflow goes on: until the function that it returns is called,
   * once. Without executions there is neither a timer nor a hook.
   */
  watch(workflow: string): () => void {
    // Before anything is opened: what has blocked until now was not measured.
    if (this.#watched > 0) this.#look();
    const closely = this.#known.has(workflow) ? 0 : 1;
    this.#known.add(workflow);
    this.#watched += 1;
    this.#watchedClosely += closely;
    if (this.#watched === 1) {
      this.#beatAt = performance.now();
      this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref();
    }
    this.#choose();
    return () => {
      // A run can end in the very turn in which it blocked, before any timer is heard.
      this.#look();
      this.#watched -= 1;
      this.#watchedClosely -= closely;
      if (this.#watched === 0) clearInterval(this.#timer);
      this.#choose();
    };
  }

  #beat(): void {
    this.#look();
    this.#beatAt = performance.now();
    if (this.#nodeTime.isOpen) this.#nodeTime.forget();
    this.#choose();
  }

  #look(): void {
    const lateMs = performance.now() - this.#beatAt - BEAT_MS;
    if (lateMs < BLOCKED_MS) return;
    this.#beatAt = performance.now();
    // At a breakpoint everything stands still.
    if (inspectorUrl() !== undefined) return;
    if (this.#nodeTime.isOpen) this.#tell(lateMs);
    else this.#lookCloser(lateMs);
  }

  #tell(lateMs: number): void {
    const { nodes, gcMs } = this.#nodeTime.take();
    // Whose turn it was when V8 collected the garbage of all is chance.
    const guilty = byNode(nodes).filter(({ ms }) => ms - gcMs >= BLOCKED_MS);
    for (const spent of guilty) this.#name(spent);
    if (guilty.length > 0) return;
    this.#options.logger.debug(
      { blockedMs: Math.round(lateMs) },
      "something other than a node blocked the event loop",
    );
  }

  #name(spent: NodeTimeSpent): void {
    const now = this.#now();
    const key = keyOf(spent);
    if (now < (this.#named.get(key) ?? -Infinity) + REST_MS) return;
    this.#named.set(key, now);
    const { workflow, runId, origin, ms } = spent;
    const { node, namespace, taskId } = origin;
    this.#options.logger.warn(
      { workflow, node, runId, blockedMs: Math.round(ms), taskId, namespace },
      "a node blocked the event loop: every stream of this process stood still; " +
        "do long computations in a worker thread, or await in between",
    );
  }

  #lookCloser(lateMs: number): void {
    const now = this.#now();
    if (now < this.#restUntil) return;
    this.#closeLookUntil = now + CLOSE_LOOK_MS;
    this.#restUntil = now + REST_MS;
    this.#options.logger.info(
      { blockedMs: Math.round(lateMs) },
      "the event loop was blocked: if it was a node, and it does so again soon, it will be named",
    );
    this.#choose();
  }

  #choose(): void {
    const closely = this.#watchedClosely > 0 || this.#now() < this.#closeLookUntil;
    this.#nodeTime.toggle(closely && this.#watched > 0);
  }

  #now(): number {
    return this.#options.clock().getTime();
  }
}

/** All tasks of a node as one: they have run for as long as all together, and are called by the longest. */
function byNode(nodes: readonly NodeTimeSpent[]): readonly NodeTimeSpent[] {
  const sums = new Map<string, NodeTimeSpent>();
  for (const spent of nodes.toSorted((left, right) => right.ms - left.ms)) {
    const key = keyOf(spent);
    const longest = sums.get(key);
    sums.set(key, longest ? { ...longest, ms: longest.ms + spent.ms } : spent);
  }
  return [...sums.values()];
}

/** A node of a workflow, whatever its tasks. */
function keyOf({ workflow, origin }: NodeTimeSpent): string {
  const graphs = origin.namespace.map((segment) => segment.slice(0, segment.lastIndexOf(":")));
  return JSON.stringify([workflow, ...graphs, origin.node]);
}
