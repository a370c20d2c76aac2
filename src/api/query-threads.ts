import type { PageEnd } from "../runs/fill-page.ts";
import type { Thread } from "../runs/thread.ts";
import type { Api } from "./api.ts";
import { callerOf } from "./context.ts";
import { checkFirst, END_CURSOR, HAS_MORE, pageArgs, type PageSize } from "./page.ts";

const THREADS_PAGE: PageSize = { usual: 20, most: 100 };

interface ThreadPage extends PageEnd {
  readonly nodes: readonly Thread[];
}

/** `Query.thread` and `Query.threads`. */
export function addThreadQueries({ builder, names, refs, engine }: Api): void {
  const connection = builder.objectRef<ThreadPage>(names.type("ThreadConnection")).implement({
    description: "A page of threads, newest first.",
    fields: (t) => ({
      nodes: t.field({ type: [refs.thread], resolve: ({ nodes }) => nodes }),
      endCursor: t.exposeID("endCursor", { nullable: true, description: END_CURSOR }),
      hasMore: t.exposeBoolean("hasMore", { description: HAS_MORE }),
    }),
  });

  builder.queryField(names.rootField("thread"), (t) =>
    t.field({
      type: refs.thread,
      nullable: true,
      description: "A thread; an error with the code NOT_FOUND when there is none.",
      args: { id: t.arg.id({ required: true }) },
      resolve: (_root, { id }, context) => engine.threads.get(id, callerOf(context)),
    }),
  );

  builder.queryField(names.rootField("threads"), (t) =>
    t.field({
      type: connection,
      nullable: true,
      description: "Your threads, newest first.",
      args: pageArgs(t, THREADS_PAGE),
      resolve: async (_root, { first, after }, context) => {
        checkFirst(first, THREADS_PAGE);
        const page = { first, after: after ?? undefined };
        const { threads: nodes, ...end } = await engine.threads.list(page, callerOf(context));
        return { nodes, ...end };
      },
    }),
  );
}
