import * as newest from "@langchain/langgraph";
import * as newestPrebuilt from "@langchain/langgraph/prebuilt";
import * as lowest from "langgraph-lowest";
import * as lowestPrebuilt from "langgraph-lowest/prebuilt";
import { readFileSync } from "node:fs";

/** One version of LangGraph, as far as the tests need it. */
export interface LangGraph {
  readonly version: string;
  readonly core: typeof newest;
  readonly prebuilt: typeof newestPrebuilt;
}

/** The highest version that the package supports and the lowest. */
export const LANGGRAPH_VERSIONS: readonly LangGraph[] = [
  { version: versionOf("@langchain/langgraph"), core: newest, prebuilt: newestPrebuilt },
  {
    version: versionOf("langgraph-lowest"),
    // What differs in the types of the two is of no matter to the tests.
    core: lowest as unknown as typeof newest,
    prebuilt: lowestPrebuilt as unknown as typeof newestPrebuilt,
  },
];

function versionOf(folder: string): string {
  const manifest = new URL(`../../../node_modules/${folder}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string }).version;
}
