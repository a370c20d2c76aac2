import type { Run } from "../runs/run.ts";
import type { Api } from "./api.ts";
import { callerOf, checkMayWrite } from "./context.ts";

/** `Mutation.resumeRun`. */
export function addResumeRun({ builder, names, refs, engine }: Api): void {
  const answer = builder.inputType(names.type("InterruptAnswer"), {
    description: "The answer to an interrupt.",
    fields: (t) => ({
      interruptId: t.id({ required: true, description: "`Interrupt.id`." }),
      value: t.field({
        type: "JSON",
        required: false,
        description:
          "What `interrupt()` returns in the node: as its `responseSchema` says, if any.",
      }),
    }),
  });
  const payload = builder
    .objectRef<{ readonly run: Run }>(names.type("ResumeRunPayload"))
    .implement({
      fields: (t) => ({ run: t.field({ type: refs.run, resolve: ({ run }) => run }) }),
    });
  builder.mutationField(names.rootField("resumeRun"), (t) =>
    t.field({
      type: payload,
      nullable: true,
      description:
        "Let an interrupted run go on with answers to its interrupts. Those not answered stay " +
        "pending; a run that stopped at a breakpoint goes on with an empty list. If one answer is " +
        "refused none is taken.",
      args: {
        runId: t.arg.id({ required: true }),
        answers: t.arg({ type: [answer], required: true }),
      },
      resolve: async (_root, { runId, answers }, context) => {
        checkMayWrite(context);
        const given = answers.map(({ interruptId, value }) => ({
          interruptId,
          value: value ?? null,
        }));
        return { run: await engine.resume(runId, given, callerOf(context)) };
      },
    }),
  );
}
