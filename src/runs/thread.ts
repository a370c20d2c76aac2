/**
 * LangGraph's thread: what several runs, one after the other, have in common. Its state is in its
 * checkpoints.
 */
export interface Thread {
  readonly id: string;
  /** Whose it is; `null` where nobody is identified. All its runs are this viewer's. */
  readonly viewer: string | null;
  /** The workflow of its newest run. */
  readonly workflow: string;
  /** Whether a client named it. One that was made for a run goes with that run. */
  readonly isNamed: boolean;
  readonly createdAt: Date;
  /** When its newest run was created. */
  readonly updatedAt: Date;
}
