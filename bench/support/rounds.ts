import type { Measured, Sample, Settings } from "./question.ts";

/** How long one round of one contestant may take. */
const ROUND_MS = 180_000;

/** What takes part: opened once, measured in each round, closed at the end. */
export interface Contestant {
  readonly name: string;
  readonly open: () => Promise<OpenContestant>;
}

export interface OpenContestant extends AsyncDisposable {
  readonly measure: () => Promise<Sample>;
}

/**
 * Measures all contestants in turn, in each round in another order, so that whatever else the machine
 * does meets all of them. The first round warms up and is thrown away. One that fails is out; the others go on.
 */
export async function alternate(
  settings: Settings,
  title: string,
  contestants: readonly Contestant[],
): Promise<Measured[]> {
  const wanted = contestants.filter(({ name }) => settings.wants(name));
  const racing = await Promise.all(wanted.map(enter));
  try {
    for (let round = 0; round <= settings.rounds; round++) {
      const order = round % 2 === 0 ? racing : racing.toReversed();
      for (const contestant of order) {
        if (contestant.error !== undefined) continue;
        settings.progress(`${title}: round ${round} of ${settings.rounds}, ${contestant.name}`);
        await measure(contestant, round > 0);
      }
    }
  } finally {
    await Promise.all(racing.map(async ({ open }) => open?.[Symbol.asyncDispose]()));
  }
  return racing.map(({ name, samples, error }) => ({ name, samples, error }));
}

interface Racing {
  readonly name: string;
  readonly samples: Sample[];
  open?: OpenContestant;
  error?: string;
}

async function enter({ name, open }: Contestant): Promise<Racing> {
  try {
    return { name, samples: [], open: await open() };
  } catch (error) {
    return { name, samples: [], error: messageOf(error) };
  }
}

async function measure(contestant: Racing, counts: boolean): Promise<void> {
  if (!contestant.open) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new Error(`It took longer than ${ROUND_MS / 1_000} s`);
    timer = setTimeout(() => reject(error), ROUND_MS);
  });
  try {
    const sample = await Promise.race([contestant.open.measure(), late]);
    if (counts) contestant.samples.push(sample);
  } catch (error) {
    contestant.error = messageOf(error);
    // It must not disturb the others.
    await contestant.open[Symbol.asyncDispose]();
    delete contestant.open;
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
