import { GRAPHQL_SSE, OURS_SSE, OURS_SSE_INTERPRETED, YOGA_SSE, rawSse } from "../peers.ts";
import { captureFrames } from "../support/captured.ts";
import type { Question } from "../support/question.ts";
import { alternate } from "../support/rounds.ts";
import { THROUGHPUT_METRICS, throughputOf } from "../support/throughput.ts";
import { atLeast } from "../support/verdicts.ts";

export const question: Question = {
  title: "Custom events a second, one run → one subscriber over server-sent events",
  target: "≥ 0.6 × raw SSE",
  async run(settings) {
    const events = settings.size(100_000, 10_000);
    const { sse } = await captureFrames({ events: 100 });
    const raw = rawSse(sse);
    const peers = [OURS_SSE, OURS_SSE_INTERPRETED, YOGA_SSE, GRAPHQL_SSE];
    const measured = await alternate(settings, "SSE", [
      ...peers.map((peer) => throughputOf(peer, { events })),
      throughputOf(raw, { events: events * 5 }),
    ]);
    return [
      {
        title: `${events.toLocaleString("en-GB")} events, 100 in a turn, over SSE`,
        metrics: THROUGHPUT_METRICS,
        measured,
        verdicts: [atLeast(0.6, raw.name, { measured, metric: "events/s", of: OURS_SSE.name })],
      },
    ];
  },
};
