import { readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { lexicographicSortSchema, printSchema, type GraphQLSchema } from "graphql";
import { fieldConflicts } from "../../api/field-conflicts.ts";
import { createNames, type Names } from "../../api/names.ts";
import { loadConfig } from "../../config/load-config.ts";
import { ConfigError } from "../../errors.ts";
import { createService } from "../../service.ts";
import { ownStreams } from "../own-streams.ts";
import { possibleTypes } from "./possible-types.ts";
import { untypedPlaces } from "./untyped-places.ts";

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The options of `schema`. */
export interface SchemaFlags {
  readonly config: string;
  readonly out?: string;
  readonly prefix?: string;
  readonly possibleTypes?: boolean;
  readonly strict?: boolean;
  readonly allowJson?: readonly string[];
}

/** What `langgraph-graphql schema` does. Rejects with `ConfigError`. */
export async function printWorkflowsSchema(flags: SchemaFlags): Promise<void> {
  if (flags.allowJson && !flags.strict) {
    throw new ConfigError("--allow-json is for what --strict would refuse: pass --strict with it");
  }
  const streams = ownStreams();
  const { workflows } = await loadConfig(flags.config);
  await using service = createService({
    workflows,
    schema: { prefix: flags.prefix },
    logger: SILENT,
  });
  const schema = lexicographicSortSchema(service.schema);
  if (flags.strict) checkStrictly(schema, createNames(flags.prefix), flags.allowJson);
  const text = flags.possibleTypes
    ? `${JSON.stringify(possibleTypes(schema), null, 2)}\n`
    : `${printSchema(schema)}\n`;
  if (flags.out === undefined) streams.out(text);
  else streams.err(`${flags.out}: ${await write(flags.out, text)}\n`);
  await streams.flush();
  // A graph may have opened something that would keep the process.
  process.exit();
}

/**
 * Throws `ConfigError` with a line for each place that is not typed and not allowed to be so, and
 * for each conflict of fields.
 */
function checkStrictly(schema: GraphQLSchema, names: Names, allowed: readonly string[] = []): void {
  const places = untypedPlaces(schema, names);
  const unknown = allowed.find((place) => !places.some(({ path }) => path === place));
  if (unknown !== undefined) {
    throw new ConfigError(
      `--allow-json ${unknown}: nothing of that name is JSON in the workflows' data; mend it or leave it out`,
    );
  }
  const refused = places.filter(({ path }) => !allowed.includes(path));
  const lines = [
    ...refused.map(({ path, fix }) => `${path} is JSON: ${fix}`),
    ...fieldConflicts(schema, names.type("WorkflowEvent")),
  ];
  if (lines.length === 0) return;
  const count = lines.length === 1 ? "1 place" : `${lines.length} places`;
  const paths = [...allowed, ...refused.map(({ path }) => path)].join(" ");
  throw new ConfigError(
    [
      `The schema is not strict in ${count}; nothing was written`,
      ...lines.map((line) => `  ${line}`),
      ...(refused.length > 0 ? [`Where JSON is meant, allow it: --allow-json ${paths}`] : []),
    ].join("\n"),
  );
}

/** A file that is as it should be keeps its date, for tools that watch it. */
async function write(file: string, text: string): Promise<string> {
  const before = await readFile(file, "utf8").catch(() => undefined);
  if (before === text) return "unchanged";
  try {
    await writeFile(file, text);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOENT" ? `the folder ${dirname(file)} does not exist; create it first` : message;
    throw new ConfigError(`${file} cannot be written: ${why}`, { cause: error });
  }
  return before === undefined ? "written" : "changed";
}
