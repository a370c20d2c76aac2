import type { Backend } from "../backend.ts";
import type { ContractCase } from "./contract-case.ts";
import { cancelling } from "./run-store/cancelling.ts";
import { claiming } from "./run-store/claiming.ts";
import { counting } from "./run-store/counting.ts";
import { creating } from "./run-store/creating.ts";
import { deleting } from "./run-store/deleting.ts";
import { ending } from "./run-store/ending.ts";
import { fairness } from "./run-store/fairness.ts";
import { waiting } from "./run-store/waiting.ts";
import { listing } from "./run-store/listing.ts";
import { renewing } from "./run-store/renewing.ts";
import { threads } from "./run-store/threads.ts";

/** What every `RunStore` promises. Each case takes a backend that holds nothing. */
export const runStoreContract: readonly ContractCase<Backend>[] = [
  ...creating,
  ...threads,
  ...waiting,
  ...claiming,
  ...fairness,
  ...renewing,
  ...cancelling,
  ...listing,
  ...counting,
  ...ending,
  ...deleting,
];
