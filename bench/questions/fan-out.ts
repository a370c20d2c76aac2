import { GRAPHQL_WS, OURS, OURS_INTERPRETED, rawWebSocket } from "../peers.ts";
import { captureFrames } from "../support/captured.ts";
import { FAN_OUT_METRICS, fanOutOf, type FanOut } from "../support/fan-out.ts";
import { requireOpenFiles } from "../support/open-files.ts";
import type { Answer, Question, Settings } from "../support/question.ts";
import { alternate } from "../support/rounds.ts";
import { atLeast } from "../support/verdicts.ts";

export const question: Question = {
  title: "Deliveries a second, one run → many WebSocket subscribers",
  target:
    "1,000 subscribers: ≥ 0.9 × raw ws broadcast (one send per message), ≥ 3 × graphql-ws alone; " +
    "≥ 3 × raw broadcast where events come in bursts of ten",
  async run(settings) {
    const many = settings.size(1_000, 200);
    requireOpenFiles(many);
    const { websocket } = await captureFrames({ events: 100 });
    const deliveries = settings.size(200_000, 20_000);
    const answers: Answer[] = [];
    for (const perTurn of [1, 10]) {
      for (const subscribers of [100, many]) {
        const events = deliveries / subscribers;
        answers.push(await ask(settings, websocket, { subscribers, events, perTurn }));
      }
    }
    return answers;
  },
};

async function ask(settings: Settings, text: string, fanOut: FanOut): Promise<Answer> {
  const { subscribers, events, perTurn } = fanOut;
  const single = rawWebSocket(text, false);
  const peers = [OURS, OURS_INTERPRETED, GRAPHQL_WS, single, rawWebSocket(text, true)];
  const title = `${subscribers} subscribers × ${events} events, ${perTurn} in a turn`;
  const contestants = peers.map((peer) => fanOutOf(peer, fanOut));
  const measured = await alternate(settings, title, contestants);
  const comparison = { measured, metric: "deliveries/s", of: OURS.name };
  const isBurst = perTurn > 1;
  return {
    title,
    metrics: FAN_OUT_METRICS,
    measured,
    verdicts: [
      atLeast(isBurst ? 3 : 0.9, single.name, comparison),
      ...(isBurst ? [] : [atLeast(3, GRAPHQL_WS.name, comparison)]),
    ],
  };
}
