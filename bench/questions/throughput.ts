import {
  asCluster,
  GRAPHQL_WS,
  LANGGRAPH_SERVER,
  MERCURIUS,
  OURS,
  OURS_INTERPRETED,
  OURS_ON_POSTGRES,
  OURS_ON_REDIS,
  OURS_ON_SQLITE,
  YOGA,
  rawWebSocket,
  reachable,
} from "../peers.ts";
import { captureFrames } from "../support/captured.ts";
import type { Question } from "../support/question.ts";
import { alternate } from "../support/rounds.ts";
import { THROUGHPUT_METRICS, throughputOf } from "../support/throughput.ts";
import { atLeast } from "../support/verdicts.ts";

export const question: Question = {
  title: "Custom events a second, one run → one WebSocket subscriber, the graph included",
  target:
    "≥ 0.6 × raw ws in batches (about 2 × one send per message), ≥ 5 × plain Yoga + graphql-ws, " +
    "≥ 15 × LangGraph's dev server",
  async run(settings) {
    const events = settings.size(100_000, 10_000);
    const { websocket } = await captureFrames({ events: 100 });
    const single = rawWebSocket(websocket, false);
    const batched = rawWebSocket(websocket, true);
    const peers = [OURS, OURS_INTERPRETED, YOGA, GRAPHQL_WS, MERCURIUS, LANGGRAPH_SERVER];
    const measured = await alternate(settings, "WebSocket", [
      ...peers.map((peer) => throughputOf(peer, { events })),
      // So much faster that a round of as many would be over at once.
      ...[single, batched].map((peer) => throughputOf(peer, { events: events * 5 })),
    ]);
    const shared = [OURS_ON_POSTGRES, OURS_ON_REDIS];
    const { peers: backends, notes } = await reachable([
      OURS,
      OURS_ON_SQLITE,
      ...shared,
      ...shared.map(asCluster),
    ]);
    const onBackends = await alternate(
      settings,
      "Backends",
      backends.map((peer) => throughputOf(peer, { events })),
    );
    const short = { events: 1, runs: settings.size(200, 50) };
    const onShortRuns = await alternate(
      settings,
      "Short runs",
      backends.map((peer) => throughputOf(peer, { events: short.events }, short.runs)),
    );
    const comparison = { measured, metric: "events/s", of: OURS.name };
    return [
      {
        title: `${events.toLocaleString("en-GB")} events, 100 in a turn, over WebSocket`,
        metrics: THROUGHPUT_METRICS,
        measured,
        verdicts: [
          atLeast(0.6, batched.name, comparison),
          atLeast(2, single.name, comparison),
          atLeast(5, YOGA.name, comparison),
          atLeast(15, LANGGRAPH_SERVER.name, comparison),
        ],
      },
      {
        title: "The same on each backend",
        metrics: THROUGHPUT_METRICS,
        measured: onBackends,
        verdicts: [],
        notes: [
          "Server CPU is of the process that is asked, without the database's and a worker's.",
          ...notes,
        ],
      },
      {
        title: `${short.runs} runs of one event each, at once, a WebSocket client for each`,
        metrics: [{ key: "events/s", label: "runs/s" }],
        measured: onShortRuns,
        verdicts: [],
      },
    ];
  },
};
