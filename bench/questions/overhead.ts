import { startChild } from "../support/processes.ts";
import type { Question } from "../support/question.ts";
import { alternate, type Contestant } from "../support/rounds.ts";
import { excess } from "../support/verdicts.ts";

const INVOKE = "graph.invoke";
const RUN = "langgraph-graphql, in process";
/** Without `NodeEvent` and `MessageChunk`, for which LangChain's callbacks are needed. */
const UNOBSERVED = "langgraph-graphql, in process, observe: false";

export const question: Question = {
  title: "What a run costs over `graph.invoke` of a graph that does next to nothing",
  target: "≤ 0.3 ms, on memory, without a checkpointer",
  async run(settings) {
    const count = settings.size(1_000, 200);
    const measured = await alternate(settings, "Overhead", [
      inProcess(INVOKE, "invoke", count),
      inProcess(RUN, "run", count),
      inProcess(UNOBSERVED, "unobserved", count),
    ]);
    const compare = (of: string, metric: string) =>
      excess(0.3, `ms/run, ${metric},`, INVOKE, { measured, metric, of });
    return [
      {
        title: `${count} runs of a graph of one node: graphql's subscribe() on service.schema, to its end`,
        metrics: [
          { key: "one by one", label: "one by one, ms/run" },
          { key: "50 at a time", label: "50 at a time, ms/run" },
        ],
        measured,
        verdicts: [RUN, UNOBSERVED].flatMap((of) => [
          compare(of, "one by one"),
          compare(of, "50 at a time"),
        ]),
      },
    ];
  },
};

function inProcess(name: string, command: string, count: number): Contestant {
  return {
    name,
    async open() {
      const child = await startChild("in-process.ts");
      return {
        measure: async () => ({
          "one by one": await child.call<number>(command, { count, together: 1 }),
          "50 at a time": await child.call<number>(command, { count, together: 50 }),
        }),
        [Symbol.asyncDispose]: child[Symbol.asyncDispose],
      };
    },
  };
}
