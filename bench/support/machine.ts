import { createRequire } from "node:module";
import { cpus, totalmem } from "node:os";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Those whose versions matter to who reads the figures. */
const PACKAGES = [
  "@langchain/langgraph",
  "@langchain/langgraph-api",
  "graphql",
  "graphql-jit",
  "graphql-sse",
  "graphql-ws",
  "graphql-yoga",
  "fastify",
  "mercurius",
  "ws",
];

/** What the figures were measured with. */
export interface Machine {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly versions: Readonly<Record<string, string>>;
}

export function describeMachine(): Machine {
  return {
    date: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model ?? "unknown",
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    versions: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
  };
}

/** Not every package exports its package.json, so it is looked for as Node looks for packages. */
function versionOf(name: string): string {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    try {
      const text = readFileSync(join(folder, name, "package.json"), "utf8");
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // It is further up.
    }
  }
  return "not installed";
}
