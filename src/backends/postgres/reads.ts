import type { EventPage } from "../../events/event-log.ts";
import type { RunEvent, RunStatus } from "../../events/run-event.ts";
import { isFinal } from "../../runs/run.ts";
import { PAGE_BYTES } from "../page-bytes.ts";
import { Batches } from "./batches.ts";
import type { PostgresDatabase } from "./database.ts";

/** Which events are asked for. */
export interface PageRequest {
  readonly runId: string;
  readonly after: number;
  readonly limit: number;
}

/** All pages that are read together have so many bytes of JSON at most, and each its part of it. */
const MOST_BYTES = 4 * 1024 * 1024;

const NO_PAGE: EventPage = { events: [], oldestSeq: 1, lastSeq: 0, closed: true };

interface PageRow {
  readonly place: number;
  readonly status: RunStatus;
  readonly oldest_seq: number;
  readonly last_seq: number;
  readonly event: string | null;
}

/** Reads pages of many runs in one statement: where many run, each append is followed by a read. */
export class Reads {
  readonly #db: PostgresDatabase;
  readonly #batches: Batches<PageRequest, EventPage>;

  constructor(db: PostgresDatabase) {
    this.#db = db;
    this.#batches = new Batches({
      send: (requests) => this.#send(requests),
      sizeOf: () => 1,
      maxItems: 100,
      maxSize: Infinity,
      maxUnderWay: 3,
    });
  }

  read(request: PageRequest): Promise<EventPage> {
    return this.#batches.ask(request);
  }

  async #send(requests: readonly PageRequest[]): Promise<readonly EventPage[]> {
    // One statement, which sees everything as it was at one moment. The size of what stands beside
    // the table, as large values do, is known without reading it.
    const rows = await this.#db.prepared<PageRow>(
      `SELECT place, status, oldest_seq, last_seq, page.event
       FROM unnest($1::text[], $2::bigint[], $3::bigint[]) WITH ORDINALITY
         AS asked (id, after, most, place)
       JOIN @.runs ON runs.id = asked.id
       LEFT JOIN LATERAL (
         SELECT seq, event FROM (
           SELECT seq, event,
             sum(octet_length(event)) OVER (ORDER BY seq) - octet_length(event) AS bytes_before
           FROM (
             SELECT seq, event FROM @.events
             WHERE events.run = runs.run AND seq > greatest(asked.after, runs.oldest_seq - 1)
             ORDER BY seq LIMIT asked.most
           ) AS next
         ) AS measured WHERE bytes_before < $4
       ) AS page ON true ORDER BY place, page.seq`,
      requests.map(({ runId }) => runId),
      requests.map(({ after }) => after),
      requests.map(({ limit }) => limit),
      Math.min(PAGE_BYTES, Math.floor(MOST_BYTES / requests.length)),
    );
    return pagesOf(rows, requests.length);
  }
}

/** The rows, which come in the order of the requests, as a page for each. */
function pagesOf(rows: readonly PageRow[], count: number): readonly EventPage[] {
  const pages: (EventPage & { readonly events: RunEvent[] })[] = [];
  for (const { place, status, oldest_seq, last_seq, event } of rows) {
    const page = (pages[place - 1] ??= {
      events: [],
      oldestSeq: oldest_seq,
      lastSeq: last_seq,
      closed: isFinal(status),
    });
    if (event !== null) page.events.push(JSON.parse(event) as RunEvent);
  }
  return Array.from({ length: count }, (_, i) => pages[i] ?? NO_PAGE);
}
