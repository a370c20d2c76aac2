import { type Cursor, formatCursor } from "../events/cursor.ts";
import { checkCursor, checkReach } from "../events/follow.ts";
import type { Caller } from "../access/caller.ts";
import { isFinal, type Run } from "../runs/run.ts";
import type { Api } from "./api.ts";
import { sourceOf, type EventSource } from "./event-source.ts";
import { callerOf } from "./context.ts";
import { checkFirst, firstArg, type PageSize } from "./page.ts";
import type { EventPageSource } from "./refs.ts";
import { checkCursorIsOf, cursorFrom } from "./subscribe-to-run.ts";
import type { WorkflowEventRefs } from "./workflow-event.ts";

const EVENTS_PAGE: PageSize = { usual: 100, most: 1_000 };

/** How many events are read for a page of chosen types before it is returned as it stands. */
const MAX_EVENTS_READ = 10_000;

/** Which events are asked for: those after `from`, of the types in `only`. */
interface AskedPage {
  readonly from: Cursor | undefined;
  readonly first: number;
  readonly only: readonly string[] | null | undefined;
}

/** `Run`, and `RunEventPage` for those who poll its events. */
export function implementRun(api: Api, events: WorkflowEventRefs): void {
  const { refs, engine, catalog } = api;

  refs.runEventPage.implement({
    description:
      "A page of a run's events. Poll on with `endCursor` while the run is not finished.",
    fields: (t) => ({
      nodes: t.field({ type: [events.event], resolve: ({ nodes }) => [...nodes] }),
      endCursor: t.field({
        type: "Cursor",
        description:
          "Pass it as `after` for the next page; it moves on even where no event was chosen.",
        resolve: ({ endCursor }) => endCursor,
      }),
      hasMore: t.exposeBoolean("hasMore", {
        description:
          "Whether there are more events now; while the run is not finished more may come.",
      }),
    }),
  });

  refs.run.implement({
    description:
      "One execution of a workflow, from its start to its end. An interrupt does not end it.",
    fields: (t) => ({
      id: t.exposeID("id"),
      workflow: t.field({
        type: refs.workflow,
        nullable: true,
        description: "Null when it is no longer served.",
        resolve: ({ workflow }) => engine.workflows.get(workflow) ?? null,
      }),
      threadId: t.exposeID("threadId", {
        description: "LangGraph's thread, which a later run may go on with.",
      }),
      thread: t.field({
        type: refs.thread,
        nullable: true,
        description: "The same. Null, with an error, when it is deleted meanwhile.",
        resolve: ({ threadId }, _args, context) => engine.threads.get(threadId, callerOf(context)),
      }),
      status: t.field({ type: refs.runStatus, resolve: ({ status }) => status }),
      isFinished: t.boolean({
        description: "Whether it has ended: no event will follow.",
        resolve: ({ status }) => isFinal(status),
      }),
      queuePosition: t.int({
        nullable: true,
        description:
          "Its place among those that are `QUEUED`: 1 is next. Null when it is not queued, or being started.",
        resolve: (run) => engine.queuePosition(run),
      }),
      attempt: t.int({
        description: "How often it has been taken up; 0 while it has never been.",
        resolve: ({ epoch }) => epoch,
      }),
      input: t.field({
        type: "JSON",
        nullable: true,
        description: "Null when it went on with its thread, without an input.",
        resolve: ({ input }) => input,
      }),
      output: t.field({
        type: "JSON",
        nullable: true,
        description: "The graph's output, when it succeeded; its state so far, when interrupted.",
        resolve: ({ output }) => output,
      }),
      result: t.field({
        type: refs.workflowResult,
        nullable: true,
        description: "The output of a succeeded run, under the name of its workflow.",
        resolve: ({ status, workflow, output }) =>
          status === "succeeded" ? { workflow, value: output } : null,
      }),
      error: t.field({
        type: refs.runError,
        nullable: true,
        description: "Why it failed.",
        resolve: ({ error }) => error,
      }),
      interrupts: t.field({
        type: [refs.interrupt],
        description: "What it waits to be told.",
        resolve: ({ status, interrupts }) => (status === "interrupted" ? interrupts : []),
      }),
      createdAt: t.field({ type: "DateTime", resolve: ({ createdAt }) => createdAt }),
      startedAt: t.field({
        type: "DateTime",
        nullable: true,
        resolve: ({ startedAt }) => startedAt,
      }),
      finishedAt: t.field({
        type: "DateTime",
        nullable: true,
        resolve: ({ finishedAt }) => finishedAt,
      }),
      oldestSeq: t.int({
        description: "The seq of the oldest event that is still stored.",
        resolve: async (run, _args, context) =>
          (await engine.read(run, { after: 0, limit: 1 }, callerOf(context))).oldestSeq,
      }),
      lastSeq: t.exposeInt("lastSeq", { description: "The seq of the newest event." }),
      events: t.field({
        type: refs.runEventPage,
        description: "Its events, for those who cannot subscribe.",
        args: {
          after: t.arg({
            type: "Cursor",
            required: false,
            description: "From the oldest that is stored when absent.",
          }),
          first: firstArg(t, EVENTS_PAGE),
          only: t.arg({
            type: [events.eventType],
            required: false,
            description: "Only events of these types.",
          }),
        },
        resolve: (run, { after, first, only }, context) => {
          checkFirst(first, EVENTS_PAGE);
          const cursor = cursorFrom(after, undefined);
          checkCursorIsOf(run.id, cursor);
          return readPage(run, callerOf(context), { from: cursor, first, only });
        },
      }),
    }),
  });

  async function readPage(
    run: Run,
    caller: Caller,
    { from, first, only }: AskedPage,
  ): Promise<EventPageSource> {
    const before = Math.max(0, (from?.seq ?? 0) - 1);
    const start = await engine.read(run, { after: before, limit: 1 }, caller);
    if (from) checkCursor(start, from);
    const after = from?.seq ?? start.oldestSeq - 1;
    const nodes: EventSource[] = [];
    const [own] = start.events;
    let last = { seq: after, attempt: own?.seq === after ? own.attempt : run.epoch };
    let lastSeq: number;
    do {
      const page = await engine.read(run, { after: last.seq, limit: EVENTS_PAGE.most }, caller);
      lastSeq = page.lastSeq;
      checkReach(page, last.seq);
      for (const event of page.events) {
        if (nodes.length === first) break;
        last = event;
        if (only && !only.includes(catalog.typeNameOf(event))) continue;
        nodes.push(sourceOf(run, event));
      }
    } while (nodes.length < first && last.seq < lastSeq && last.seq - after < MAX_EVENTS_READ);
    const endCursor = formatCursor(run.id, last.seq, last.attempt);
    return { nodes, endCursor, hasMore: last.seq < lastSeq };
  }
}
