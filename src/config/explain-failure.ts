import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** A place in the user's code; where only the file is known, the whole of it. */
interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** Says in one sentence why importing `file` failed, and on the lines below where. */
export async function explainImport(error: unknown, file: string): Promise<string> {
  const missing = missingModule(error);
  if (missing) {
    const { specifier, importer = file } = missing;
    return `${what(specifier)}\n${await show(await importOf(specifier, importer))}`;
  }
  const syntax = await syntaxError(error, file);
  if (syntax) return `${syntax.message}\n${await show(syntax.place)}`;
  return explainThrown(error);
}

/** Says what was thrown and, on the lines below, where in the user's code. */
export async function explainThrown(error: unknown): Promise<string> {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const place = userPlace(error);
  return place ? `${message}\n${await show(place)}` : message;
}

function what(specifier: string): string {
  return /^[./]|^\w:|^file:/.test(specifier)
    ? `it imports ${specifier}, which does not exist`
    : `it imports the package "${specifier}", which is not installed: npm install ${specifier}`;
}

/** Node's words for a module that is not there: of `import`, and of `require`. */
function missingModule(
  error: unknown,
): { readonly specifier: string; readonly importer?: string } | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") return undefined;
  const [, specifier, importer] =
    /^Cannot find (?:package|module) '([^']+)'(?:(?: imported from |\nRequire stack:\n- )([^\n]+))?/.exec(
      error.message,
    ) ?? [];
  if (specifier === undefined) return undefined;
  return { specifier, ...(importer !== undefined && { importer: toPath(importer) }) };
}

/** Where `importer` imports what was resolved to `specifier`: Node does not tell. */
async function importOf(specifier: string, importer: string): Promise<Place> {
  const name = basename(specifier, extname(specifier));
  const lines = (await readSource(importer)).split("\n");
  const isImport = (line: string): boolean =>
    /\b(import|from|require)\b/.test(line) && /["']/.test(line) && line.includes(name);
  const index = lines.findIndex(isImport);
  const column = (lines[index]?.search(/["']/) ?? 0) + 1;
  return index < 0 ? { file: importer } : { file: importer, line: index + 1, column };
}

async function syntaxError(
  error: unknown,
  file: string,
): Promise<{ readonly message: string; readonly place: Place } | undefined> {
  if (!(error instanceof Error)) return undefined;
  // esbuild's, for TypeScript.
  const [, at, line, column, message] =
    /^(.+):(\d+):(\d+): ERROR: (.+)$/m.exec(error.message) ?? [];
  if (at !== undefined && message !== undefined) {
    // It counts columns from 0.
    const place = { file: at, line: Number(line), column: Number(column) + 1 };
    return { message: `syntax error: ${withRemedy(message)}`, place };
  }
  if (!(error instanceof SyntaxError)) return undefined;
  const place = marked(error.stack ?? "") ?? marked(await check(file));
  // A name that the other module does not export is a syntax error to V8.
  const isLinking = error.message.startsWith("The requested module");
  return {
    message: isLinking ? error.message : `syntax error: ${error.message}`,
    place: place ?? { file },
  };
}

function withRemedy(message: string): string {
  return message.includes("Top-level await")
    ? `${message}; put "type": "module" into the package.json, or call the file .mts`
    : message;
}

/** The place that V8 names above a message: the file and line, the source, and a mark below it. */
function marked(text: string): Place | undefined {
  const [, file, line, , mark] = /^(.+):(\d+)\n(.*)\n( *)\^/.exec(text) ?? [];
  if (file === undefined || mark === undefined) return undefined;
  return { file: toPath(file), line: Number(line), column: mark.length + 1 };
}

/** V8 does not tell a program where an ES module has a syntax error; Node tells people. */
async function check(file: string): Promise<string> {
  try {
    await promisify(execFile)(process.execPath, ["--check", file]);
    return "";
  } catch (error) {
    return (error as { readonly stderr?: string }).stderr ?? "";
  }
}

const OURS = dirname(dirname(fileURLToPath(import.meta.url))) + sep;

/** The innermost frame that is neither Node's nor a package's. */
function userPlace(error: unknown): Place | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const [, at = "", line, column] of stack.matchAll(
    /^ +at (?:.* \()?(.+?):(\d+):(\d+)\)?$/gm,
  )) {
    const file = toPath(at);
    if (/^(node:|internal\/)/.test(file) || file.includes("node_modules")) continue;
    if (file.startsWith(OURS)) continue;
    return { file, line: Number(line), column: Number(column) };
  }
  return undefined;
}

async function show({ file, line, column }: Place): Promise<string> {
  if (line === undefined) return `    at ${file}`;
  const text = (await readSource(file)).split("\n")[line - 1];
  const place = `    at ${file}:${line}:${column}`;
  if (text === undefined) return place;
  const number = `    ${line} | `;
  return `${place}\n${number}${text}\n${" ".repeat(number.length - 2)}| ${" ".repeat((column ?? 1) - 1)}^`;
}

function readSource(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}

function toPath(file: string): string {
  return file.startsWith("file:") ? fileURLToPath(file) : file;
}
