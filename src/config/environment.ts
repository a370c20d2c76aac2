import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { ConfigError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { ConfigFile } from "./config-file.ts";

/**
 * Puts what `env` of a `langgraph.json` says into the environment of this process. As with
 * LangGraph's own command line, a variable that is set already stays, and a file that is not there
 * is no error: where the variables come from elsewhere there is none. Throws `ConfigError` if `env`
 * is a list of names and one of them is not set.
 */
export async function applyEnvironment(
  { env, directory }: ConfigFile,
  logger: Pick<Logger, "warn">,
): Promise<void> {
  if (isList(env)) {
    const missing = env.filter((name) => process.env[name] === undefined);
    if (missing.length === 0) return;
    throw new ConfigError(
      `The environment has no ${missing.join(", ")}, which langgraph.json names under "env": set it`,
    );
  }
  const variables =
    typeof env === "string" ? await readEnvFile(resolve(directory, env), logger) : env;
  for (const [name, value] of Object.entries(variables)) process.env[name] ??= value;
}

/**
 * What `text` stands for: `$NAME` alone and `${NAME}` anywhere are variables of the environment.
 * Throws `ConfigError`, which starts with `culprit`, if one is not set.
 */
export function expandVariables(text: string, culprit: string): string {
  return text.replace(/^\$(\w+)$|\$\{(\w+)\}/g, (_match, alone?: string, within?: string) => {
    const name = alone ?? within ?? "";
    const value = process.env[name];
    if (value !== undefined) return value;
    throw new ConfigError(`${culprit} needs the variable ${name}, which the environment has not`);
  });
}

async function readEnvFile(
  file: string,
  logger: Pick<Logger, "warn">,
): Promise<NodeJS.Dict<string>> {
  try {
    return parseEnv(await readFile(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      logger.warn({ file }, 'the file that langgraph.json names under "env" is not there');
      return {};
    }
    throw new ConfigError(`${file}, which langgraph.json names under "env", cannot be read`, {
      cause: error,
    });
  }
}

function isList(env: ConfigFile["env"]): env is readonly string[] {
  return Array.isArray(env);
}
