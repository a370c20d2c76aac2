import type { Backend } from "../backend.ts";
import type { ContractCase } from "./contract-case.ts";
import { appending } from "./event-log/appending.ts";
import { fencing } from "./event-log/fencing.ts";
import { patching } from "./event-log/patching.ts";
import { reading } from "./event-log/reading.ts";
import { repeating } from "./event-log/repeating.ts";
import { trimming } from "./event-log/trimming.ts";

/** What every `EventLog` promises. Each case takes a backend that holds nothing. */
export const eventLogContract: readonly ContractCase<Backend>[] = [
  ...appending,
  ...fencing,
  ...repeating,
  ...patching,
  ...reading,
  ...trimming,
];
