import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { GraphQLInputObjectType, GraphQLSchema } from "graphql";
import { createNames, toTypeName, type Names } from "../api/names.ts";
import { ConfigError } from "../errors.ts";
import { exampleValue } from "./example-value.ts";
import type { GraphiqlTab } from "../server/graphiql.ts";

/** A tab for each workflow: a subscription that shows everything of a run. */
export function defaultTabs(
  schema: GraphQLSchema,
  names: Names = createNames(undefined),
): readonly GraphiqlTab[] {
  const workflows = schema.getType(names.type("WorkflowInput")) as GraphQLInputObjectType;
  return Object.values(workflows.getFields()).map(({ name, type }) => ({
    title: `Run ${name}; put in what it is to work on`,
    query: `subscription Run${toTypeName(name)} {
  ${names.rootField("runWorkflow")}(input: { ${name}: ${exampleValue(type)} }) {
    __typename
    ... on ${names.type("RunEvent")} { seq node }
    ... on ${names.type("WrittenEvent")} { payload }
    ... on ${names.type("StateUpdate")} { changes }
    ... on ${names.type("MessageChunk")} { content }
    ... on ${names.type("NodeEvent")} { phase }
    ... on ${names.type("RunStatusEvent")} { runStatus output error { message } interrupts { id value } }
  }
}
`,
  }));
}

/** The .graphql files of a folder, in the order of their names. Throws `ConfigError`. */
export async function readTabs(folder: string): Promise<readonly GraphiqlTab[]> {
  try {
    const files = (await readdir(folder)).filter((file) => file.endsWith(".graphql")).sort();
    return await Promise.all(
      files.map(async (file) => ({
        title: file.replace(/\.graphql$/, "").replaceAll("-", " "),
        query: await readFile(join(folder, file), "utf8"),
      })),
    );
  } catch (error) {
    throw new ConfigError(`${folder} cannot be read: --tabs wants a folder of .graphql files`, {
      cause: error,
    });
  }
}
