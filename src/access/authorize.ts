import type { Viewer } from "./viewer.ts";

/**
 * What is asked for:
 * - of a workflow: `start`, and `continue` on a thread without an input;
 * - of a run: `read` its record, `watch` its events, `resume`, `cancel`, and `share` it by a watch token;
 * - of a thread: `readThread`, `updateThread`, `forkThread`, `deleteThread`.
 *
 * A mutation that answers with a run or a thread asks for `read` or `readThread` as well, before it does
 * anything: who is refused can be sure that nothing was done. One that replaces the runs of a thread
 * asks to `cancel` each of them.
 */
export type Action =
  | "start"
  | "continue"
  | "read"
  | "watch"
  | "resume"
  | "cancel"
  | "share"
  | "readThread"
  | "updateThread"
  | "forkThread"
  | "deleteThread";

/** What somebody wants to do. What it names, if it exists, is the viewer's. */
export interface AccessRequest {
  readonly action: Action;
  readonly workflow: string;
  /** Absent for a thread, and where a run is to be named yet. */
  readonly runId?: string | undefined;
  readonly threadId?: string | undefined;
}

/**
 * Whether a viewer may do that; `null` is whoever asks where nobody is identified. Asked after it is
 * clear that the run or thread is the viewer's; but the ids of a `start` are those that are asked for.
 * `false` refuses with `FORBIDDEN`, and leaves what may not be read out of lists. What it throws is an
 * unexpected error; taking longer than `limits.accessTimeoutMs` is `ACCESS_TIMEOUT`.
 */
export type Authorize = (
  viewer: Viewer | null,
  request: AccessRequest,
) => boolean | Promise<boolean>;

/** What is asked about something that is to be done with a run. */
export function requestFor(
  action: Action,
  run: { readonly id: string; readonly workflow: string; readonly threadId: string },
): AccessRequest {
  const { id: runId, workflow, threadId } = run;
  return { action, workflow, runId, threadId };
}
