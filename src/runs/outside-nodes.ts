import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { untraced } from "../tracing.ts";

/** Does `work`, and what it sets going, in no node's async context: it is not the node's doing. */
export function outsideNodes<T>(work: () => T): T {
  return AsyncLocalStorageProviderSingleton.getInstance().run(undefined, () => untraced(work));
}
