import { realpath, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { ConfigError } from "../errors.ts";
import { explainImport } from "./explain-failure.ts";

/** What a module exports, by name. */
export type Exports = Readonly<Record<string, unknown>>;

/**
 * Imports a module of the user's: TypeScript or JavaScript, ES or CommonJS. Throws `ConfigError`,
 * which begins with `culprit` and says where in the user's code it fails.
 */
export async function loadModule(culprit: string, file: string): Promise<Exports> {
  if (!(await isFile(file))) throw new ConfigError(`${culprit}: ${file} does not exist`);
  await (typeScript ??= acceptTypeScript());
  try {
    const realFile = await realpath(file);
    const imported = (await import(pathToFileURL(file).href)) as Exports;
    return isCommonJs(realFile, imported) ? exportsOfCommonJs(imported) : imported;
  } catch (error) {
    const reason = await explainImport(error, file);
    throw new ConfigError(`${culprit}: ${file} fails to load: ${reason}`, { cause: error });
  }
}

/** Node does not tell; but what CommonJS exports is what `require` has of it. */
function isCommonJs(realFile: string, imported: Exports): boolean {
  const required = require.cache[realFile];
  return required !== undefined && required.exports === imported["default"];
}

/** `import` finds some names of CommonJS only under `default`. */
function exportsOfCommonJs({ default: exports }: Exports): Exports {
  // One that was compiled from an ES module has a default export of its own.
  const isCompiled = typeof exports === "object" && exports !== null && "__esModule" in exports;
  return { ...(exports as object), ...(!isCompiled && { default: exports }) };
}

const require = createRequire(import.meta.url);

let typeScript: Promise<void> | undefined;

/** For all modules: JavaScript may import TypeScript. */
async function acceptTypeScript(): Promise<void> {
  const [esm, cjs] = await Promise.all([import("tsx/esm/api"), import("tsx/cjs/api")]);
  esm.register();
  cjs.register();
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
