import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { Telemetry } from "../telemetry.ts";
import { Counts } from "./counts.ts";
import { instruments, type Instrument } from "./instruments.ts";
import { addLatencyHistogram } from "./latency-histogram.ts";
import { StoredReadings, type Sources } from "./readings.ts";

/** Every name begins with it, those of the process too: they may stand beside an application's own. */
const PREFIX = "langgraph_graphql_";

/**
 * What one service does, counted and written down for Prometheus, in a registry of its own: several
 * services in one process have nothing to do with each other.
 */
export class Metrics {
  readonly #counts = new Counts();
  readonly #registry = new Registry();
  #isProcessWatched = false;

  constructor(sources: Sources) {
    const stored = new StoredReadings(sources);
    for (const instrument of instruments(this.#counts, stored, sources)) {
      addInstrument(this.#registry, instrument);
    }
    addLatencyHistogram(this.#registry, {
      name: `${PREFIX}delivery_latency_seconds`,
      help: "From the recording of a live event to its handing to a socket",
      watchers: this.#counts.byTransport,
    });
  }

  /** Who is told what happens. */
  get telemetry(): Telemetry {
    return this.#counts;
  }

  /** All of it in Prometheus' text format, version 0.0.4. Does not wait for the backend for long. */
  async text(): Promise<string> {
    this.#watchProcess();
    return this.#registry.metrics();
  }

  /** From the first time that somebody asks: it goes on for as long as the process lives. */
  #watchProcess(): void {
    if (this.#isProcessWatched) return;
    this.#isProcessWatched = true;
    collectDefaultMetrics({ register: this.#registry, prefix: PREFIX });
  }
}

function addInstrument(registry: Registry, { type, read, ...about }: Instrument): void {
  const options = {
    ...about,
    name: PREFIX + about.name,
    labelNames: [...about.labelNames],
    registers: [registry],
  };
  if (type === "counter") {
    const counter = new Counter({
      ...options,
      async collect() {
        const readings = await read();
        counter.reset();
        for (const [labels, count] of readings) counter.inc(labels, count);
      },
    });
  } else {
    const gauge = new Gauge({
      ...options,
      async collect() {
        const readings = await read();
        gauge.reset();
        // One without labels would be 0 else, where nothing is known.
        if (options.labelNames.length === 0) gauge.remove();
        for (const [labels, value] of readings) gauge.set(labels, value);
      },
    });
  }
}
