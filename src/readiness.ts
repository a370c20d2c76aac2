import { within } from "./within.ts";

/** Whether a service can be asked, and what stands in the way if it cannot. */
export type Readiness =
  | { readonly isReady: true }
  | {
      readonly isReady: false;
      /** No more than this: anybody may ask, and what the backend said may name hosts and users. */
      readonly reason: "stopping" | "backend failed" | "backend too slow";
    };

/** A backend that takes so many milliseconds to answer is as good as gone. */
const PATIENCE_MS = 1_000;

/** What the backend's `ping` says of the service. Never rejects, and takes no longer than a second. */
export async function readinessBy(ping: () => Promise<void>): Promise<Readiness> {
  let readiness: Readiness = { isReady: false, reason: "backend too slow" };
  const asked = (async () => ping())().then(
    () => (readiness = { isReady: true }),
    () => (readiness = { isReady: false, reason: "backend failed" }),
  );
  await within(PATIENCE_MS, asked);
  return readiness;
}
