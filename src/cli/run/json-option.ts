import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { CommandError, EXIT } from "./command-error.ts";

/**
 * The value of an option such as `--input`: JSON, `@` and the name of a file that has it, or `-`
 * for stdin. Throws `CommandError`.
 */
export async function readJsonOption(
  name: string,
  option: string,
  stdin: NodeJS.ReadableStream,
): Promise<unknown> {
  const { source, json } = await readSource(name, option, stdin);
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new CommandError(
      `${source} is not JSON: ${(error as SyntaxError).message}; pass JSON, @file.json, or - for stdin`,
      EXIT.badInput,
      { cause: error },
    );
  }
}

async function readSource(
  name: string,
  option: string,
  stdin: NodeJS.ReadableStream,
): Promise<{ readonly source: string; readonly json: string }> {
  if (option === "-") return { source: "stdin", json: await text(stdin) };
  if (!option.startsWith("@")) return { source: name, json: option };
  const file = option.slice(1);
  try {
    return { source: file, json: await readFile(file, "utf8") };
  } catch (error) {
    throw new CommandError(
      `${file} cannot be read: pass ${name} @ and the path of a JSON file`,
      EXIT.badInput,
      { cause: error },
    );
  }
}
