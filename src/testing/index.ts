export { backendContract } from "./backend-contract.ts";
export type { ContractCase } from "./contract-case.ts";
export { eventLogContract } from "./event-log-contract.ts";
export { newRun, newThread, queued, statusChanged, written, writtenBatch } from "./fixtures.ts";
export { runStoreContract } from "./run-store-contract.ts";
export { wakeupsContract } from "./wakeups-contract.ts";
