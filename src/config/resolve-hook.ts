import type { ResolveFnOutput, ResolveHook } from "node:module";

/** What Node hands to the thread in which it resolves modules. */
export interface ProjectCopies {
  /** The modules from here are ours: only what they import is redirected. */
  readonly ours: string;
  /** A module of the project: from there `@langchain/langgraph` is resolved. */
  readonly project: string;
  /** The project's LangGraph: the packages that it needs itself are those beside it. */
  readonly langgraph: string;
}

let copies: ProjectCopies;

export function initialize(data: ProjectCopies): void {
  copies = data;
}

/** LangGraph's saver, which we bring: the classes that it imports must be the project's as well. */
const SAVER = "langgraph-checkpoint-sqlite";

/** Node's hook: has LangGraph come from the project, whoever of us imports it. */
export const resolve: ResolveHook = (
  specifier,
  context,
  nextResolve,
): ResolveFnOutput | Promise<ResolveFnOutput> => {
  const [, name] = /^@langchain\/([^/]+)/.exec(specifier) ?? [];
  if (name === undefined || name === SAVER || !isOurs(context.parentURL)) {
    return nextResolve(specifier, context);
  }
  const parentURL = name === "langgraph" ? copies.project : copies.langgraph;
  return nextResolve(specifier, { ...context, parentURL });
};

function isOurs(module = ""): boolean {
  return module.startsWith(copies.ours) || module.includes(`/@langchain/${SAVER}/`);
}
