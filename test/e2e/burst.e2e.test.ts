import { expect, test } from "vitest";
import { createGates } from "../support/gate.ts";
import { seqOf } from "../support/result.ts";
import { startService } from "../support/service.ts";
import { following, freeGraph, startRun, steppedGraph } from "../support/stepped.ts";
import { connect, watch } from "../support/web-socket.ts";

const BURST = 200_000;

/** What a run has beside what its node writes. */
const OWN_EVENTS = 6;

test("200,000 events of a node that never yields arrive in order, with another run's events in between", async () => {
  const gates = createGates();
  await using service = await startService({
    workflows: { burst: freeGraph, steps: steppedGraph(gates) },
    limits: { maxEventsPerRun: false },
  });
  const client = connect(service.wsUrl);
  const other = connect(service.wsUrl);

  /** How far the burst had got when each of the other run's events arrived. */
  const meanwhile: number[] = [];
  let burstSeq = 0;

  // The other run writes an event each time the one before has arrived.
  const steps = await startRun(service.url, "steps", { count: 1_000_000 });
  const stepping = watch(other, following(steps, { select: "... on ProgressEvent { current }" }));
  const stepper = (async () => {
    gates.of(steps).open();
    for await (const result of stepping) {
      expect(seqOf(result)).toBe(meanwhile.length + 4);
      meanwhile.push(burstSeq);
      gates.of(steps).open();
    }
  })();

  const burst = await startRun(service.url, "burst", { count: BURST });
  for await (const result of watch(
    client,
    following(burst, { select: "... on RunEvent { seq }" }),
  )) {
    burstSeq += 1;
    if (seqOf(result) !== burstSeq) expect(seqOf(result)).toBe(burstSeq);
  }
  expect(burstSeq).toBe(BURST + OWN_EVENTS);

  // Seen at no less than a hundred places inside the burst, and never left out for a tenth of it.
  const places = [...new Set(meanwhile.filter((seq) => seq > 0 && seq < burstSeq)), burstSeq];
  expect(places.length).toBeGreaterThan(100);
  const gaps = places.map((place, i) => place - (places[i - 1] ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(BURST / 10);

  await stepping.return?.();
  await stepper;
  await client.dispose();
  await other.dispose();
}, 120_000);
