import type { Counts } from "./counts.ts";
import type { Sources, StoredReadings } from "./readings.ts";

/** One value, and what it is of. */
export type Reading = readonly [labels: Readonly<Record<string, string>>, value: number];

/** A metric, and how it is read when somebody asks. */
export interface Instrument {
  readonly type: "counter" | "gauge";
  /** Without the prefix that all have. */
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly read: () => readonly Reading[] | Promise<readonly Reading[]>;
}

/** All that a service tells of itself, but for the histogram of latencies and what the process tells. */
export function instruments(
  counts: Counts,
  stored: StoredReadings,
  { sockets }: Pick<Sources, "sockets">,
): readonly Instrument[] {
  const { byWorkflow, byTransport, drops } = counts;
  return [
    {
      type: "counter",
      name: "run_status_changes_total",
      help: "Changes of runs' statuses that this process made, by workflow and new status",
      labelNames: ["workflow", "status"],
      read: () =>
        [...byWorkflow].flatMap(([workflow, { statuses }]) =>
          [...statuses].map(([status, count]): Reading => [{ workflow, status }, count]),
        ),
    },
    {
      type: "counter",
      name: "runs_recovered_total",
      help: "Runs that went on here because the process that executed them was gone",
      labelNames: ["workflow"],
      read: () => [...byWorkflow].map(([workflow, of]) => [{ workflow }, of.recoveries]),
    },
    {
      type: "counter",
      name: "events_recorded_total",
      help: "Events that this process appended to the logs of runs",
      labelNames: ["workflow"],
      read: () => [...byWorkflow].map(([workflow, of]) => [{ workflow }, of.events]),
    },
    {
      type: "counter",
      name: "events_delivered_total",
      help: "Events handed to sockets; live are those recorded since their subscription began",
      labelNames: ["transport", "source"],
      read: () =>
        [...byTransport].flatMap(([transport, of]): Reading[] => [
          [{ transport, source: "live" }, of.live],
          [{ transport, source: "replay" }, of.replayed],
        ]),
    },
    {
      type: "counter",
      name: "replays_total",
      help: "Subscriptions that began behind a cursor",
      labelNames: [],
      read: () => [[{}, counts.replays]],
    },
    {
      type: "counter",
      name: "drops_total",
      help: "Clients that could not go on where they were; TRIMMED and REWOUND are CURSOR_EXPIRED",
      labelNames: ["reason"],
      read: () => [...drops].map(([reason, count]) => [{ reason }, count]),
    },
    {
      type: "counter",
      name: "errors_masked_total",
      help: "Unexpected errors of which clients were told an id and nothing else",
      labelNames: [],
      read: () => [[{}, counts.maskedErrors]],
    },
    {
      type: "gauge",
      name: "subscribers",
      help: "Subscriptions that are open",
      labelNames: ["transport"],
      read: () => [...byTransport].map(([transport, of]) => [{ transport }, of.subscribers]),
    },
    {
      type: "gauge",
      name: "subscribers_behind",
      help: "Subscriptions with something in the log that they have yet to take",
      labelNames: [],
      read: async () => {
        const lag = (await stored.read())?.lag;
        return lag ? [[{}, lag.readers]] : [];
      },
    },
    {
      type: "gauge",
      name: "lag_events",
      help: "Events that the subscription furthest behind has yet to take from the log",
      labelNames: [],
      read: async () => {
        const lag = (await stored.read())?.lag;
        return lag ? [[{}, lag.events]] : [];
      },
    },
    {
      type: "gauge",
      name: "open_runs",
      help: "Runs in the backend that have not ended, whoever executes them; queued ones are the queue",
      labelNames: ["workflow", "status"],
      read: async () =>
        ((await stored.read())?.openRuns ?? []).map(({ workflow, status, count }) => [
          { workflow, status },
          count,
        ]),
    },
    {
      type: "gauge",
      name: "backend_up",
      help: "Whether the backend answered within a second",
      labelNames: [],
      read: async () => [[{}, (await stored.read()) ? 1 : 0]],
    },
    {
      type: "gauge",
      name: "sockets_open",
      help: "WebSockets that are open",
      labelNames: [],
      read: () => [[{}, sockets().open]],
    },
    {
      type: "gauge",
      name: "sockets_buffered_bytes",
      help: "Bytes sent on WebSockets that have yet to leave this process",
      labelNames: [],
      read: () => [[{}, sockets().bufferedBytes]],
    },
  ];
}
