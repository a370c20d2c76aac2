import type { Backend } from "../backend.ts";
import { checkpoints } from "./backend/checkpoints.ts";
import { following } from "./backend/following.ts";
import { longTermStore } from "./backend/long-term-store.ts";
import { sharing } from "./backend/sharing.ts";
import { space } from "./backend/space.ts";
import type { ContractCase } from "./contract-case.ts";

/**
 * What every `Backend` promises beyond its ports. Each case takes one that holds nothing; those about
 * a checkpointer or a store pass where there is none.
 */
export const backendContract: readonly ContractCase<Backend>[] = [
  ...following,
  ...sharing,
  ...space,
  ...checkpoints,
  ...longTermStore,
];
