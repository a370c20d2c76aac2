import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { toFieldName, toTypeName } from "../api/names.ts";
import { ConfigError } from "../errors.ts";
import type { GraphiqlTab } from "../server/graphiql.ts";

/** A tab for each workflow: a subscription that shows everything of a run. */
export function defaultTabs(workflows: readonly string[]): readonly GraphiqlTab[] {
  return workflows.map((name) => ({
    title: `Run ${name}; put its input between the braces`,
    query: `subscription Run${toTypeName(name)} {
  runWorkflow(input: { ${toFieldName(name)}: {} }) {
    __typename
    ... on RunEvent { seq node }
    ... on WrittenEvent { payload }
    ... on StateUpdate { changes }
    ... on MessageChunk { content }
    ... on NodeEvent { phase }
    ... on RunStatusEvent { runStatus error { message } }
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
