import type { RunFilter } from "../runs/run-store.ts";
import type { Api } from "./api.ts";
import { callerOf, type ApiContext } from "./context.ts";
import { checkFirst, END_CURSOR, HAS_MORE, type PageSize } from "./page.ts";
import type { RunPage } from "./refs.ts";

export const RUNS_PAGE: PageSize = { usual: 20, most: 100 };

/** `RunConnection`. */
export function implementRunConnection({ refs }: Api): void {
  refs.runConnection.implement({
    description: "A page of runs, newest first.",
    fields: (t) => ({
      nodes: t.field({ type: [refs.run], resolve: ({ nodes }) => nodes }),
      endCursor: t.exposeID("endCursor", { nullable: true, description: END_CURSOR }),
      hasMore: t.exposeBoolean("hasMore", { description: HAS_MORE }),
    }),
  });
}

/** The page of the viewer's runs that its arguments ask for. Throws `BadUserInputError`. */
export async function readRuns(
  { engine }: Api,
  filter: Omit<RunFilter, "viewer">,
  { first, after }: { readonly first: number; readonly after?: string | null | undefined },
  context: ApiContext | undefined,
): Promise<RunPage> {
  checkFirst(first, RUNS_PAGE);
  const page = { first, after: after ?? undefined };
  const { runs: nodes, ...end } = await engine.list(filter, page, callerOf(context));
  return { nodes, ...end };
}
