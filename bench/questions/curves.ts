import type { Work } from "../graph.ts";
import { OURS, rawWebSocket, YOGA, type Peer } from "../peers.ts";
import { captureFrames } from "../support/captured.ts";
import { fanOutOf } from "../support/fan-out.ts";
import { requireOpenFiles } from "../support/open-files.ts";
import type { Answer, Measured, Question, Settings } from "../support/question.ts";
import { alternate, type Contestant } from "../support/rounds.ts";
import { throughputOf } from "../support/throughput.ts";

/** How many bytes of payload there are in all: what memory() keeps is bounded. */
const MOST_BYTES = 64 * 1_024 * 1_024;

export const question: Question = {
  title: "How the cost of a delivery grows",
  target: "none: it is drawn. Server CPU, the graph included, in microseconds for each delivery",
  async run(settings) {
    requireOpenFiles(1_000);
    const deliveries = settings.size(50_000, 5_000);
    const text = (await captureFrames({ events: 100 })).websocket;
    const peers = [OURS, YOGA, rawWebSocket(text, false)];
    const each = async (contestant: (peer: Peer) => Contestant) => peers.map(contestant);
    return [
      await draw(settings, "subscribers", "subscribers of one run", {
        points: settings.isQuick ? [1, 10, 100] : [1, 3, 10, 30, 100, 300, 1_000],
        contestantsAt: (subscribers) => {
          const events = Math.ceil(deliveries / subscribers);
          return each((peer) => fanOutOf(peer, { subscribers, events, perTurn: 10 }));
        },
      }),
      await draw(settings, "runs", "concurrent runs, with a subscriber each", {
        points: settings.isQuick ? [1, 10] : [1, 3, 10, 30, 100, 200],
        contestantsAt: (runs) => {
          const events = Math.ceil(deliveries / runs);
          return each((peer) => throughputOf(peer, { events, perTurn: 10 }, runs));
        },
      }),
      await draw(settings, "events", "events of one run", {
        points: settings.isQuick
          ? [1_000, 3_000]
          : [1_000, 3_000, 10_000, 30_000, 100_000, 200_000],
        contestantsAt: (events) => each((peer) => throughputOf(peer, { events })),
      }),
      await draw(settings, "payload", "bytes of payload of each event", {
        points: settings.isQuick ? [100, 4_096] : [100, 1_024, 4_096, 16_384, 65_536],
        async contestantsAt(payloadBytes) {
          const events = Math.min(deliveries / 5, Math.floor(MOST_BYTES / payloadBytes));
          const work: Work = { events, payloadBytes, perTurn: 10 };
          const frames = await captureFrames({ events: 10, payloadBytes });
          const raw = rawWebSocket(frames.websocket, false);
          return [OURS, YOGA, raw].map((peer) => throughputOf(peer, work));
        },
      }),
    ];
  },
};

interface Curve {
  readonly points: readonly number[];
  readonly contestantsAt: (point: number) => Promise<readonly Contestant[]>;
}

async function draw(
  settings: Settings,
  name: string,
  x: string,
  { points, contestantsAt }: Curve,
): Promise<Answer> {
  const measured = new Map<string, Measured>();
  for (const point of points) {
    const contestants = await contestantsAt(point);
    for (const at of await alternate(settings, `Curve of ${name} at ${point}`, contestants)) {
      const before = measured.get(at.name);
      measured.set(at.name, {
        name: at.name,
        samples: Array.from({ length: settings.rounds }, (_, round) => ({
          ...before?.samples[round],
          ...(at.samples[round] && { [point]: at.samples[round]["cpu"] ?? Number.NaN }),
        })),
        error: before?.error ?? at.error,
      });
    }
  }
  const y = "server CPU, µs/delivery";
  return {
    title: `${y}, by ${x}`,
    metrics: points.map((point) => ({ key: String(point), label: point.toLocaleString("en-GB") })),
    measured: [...measured.values()],
    verdicts: [],
    curve: { name, x, y },
  };
}
