import { isDeepStrictEqual } from "node:util";
import { sharedCaller, type Caller } from "../access/caller.ts";
import type { Viewer } from "../access/viewer.ts";
import type { EventPage } from "../events/event-log.ts";
import type { Interrupt, RunEvent } from "../events/run-event.ts";
import { isJsonObject, toJson, type JsonObject, type JsonValue } from "../json.ts";
import type { Logger } from "../logger.ts";
import type { Workflows } from "../workflows/workflow.ts";
import { textOf, writtenBody } from "./chunk-to-event.ts";
import type { Run } from "./run.ts";
import type { ThreadState } from "./thread-state.ts";

/** Where a value that is about to be sent stands. */
export interface RedactPlace {
  /**
   * What a node wrote (`payload`), changed of the state (`changes`) or was said by a model (`message`,
   * as LangChain has it, or `{ id, content }` of one that is larger than an event may be; tokens come
   * one by one); a run's `input`, `context` and `output`, the value of an `interrupt`, and the `state` of
   * a thread.
   */
  readonly kind:
    | "payload"
    | "changes"
    | "message"
    | "input"
    | "context"
    | "output"
    | "interrupt"
    | "state";
  readonly workflow: string;
  /** `null` for a thread's state that no run made. */
  readonly runId: string | null;
  /** The node that an event comes from; `null` where there is none. */
  readonly node: string | null;
  /** Who is about to see it; `null` where nobody is identified. */
  readonly viewer: Viewer | null;
  /** Whether it goes to the bearer of a watch token, which `viewer`, or your back end, has given away. */
  readonly byWatchToken: boolean;
}

/**
 * Takes out of a value what its viewer is not to see. It is given a copy, and returns what is sent
 * instead: a value of the same shape at best, since what a payload does not fit any more is sent as a
 * `CustomEvent`. When it throws, or returns a promise, `null` is sent, and the log says so.
 */
export type Redact = (value: JsonValue, place: RedactPlace) => JsonValue;

export interface RedactorOptions {
  /** @default nothing is taken out */
  readonly redact: Redact | undefined;
  readonly workflows: Workflows;
  readonly logger: Pick<Logger, "error">;
}

type Owner = Pick<Run, "id" | "workflow">;
type Place = Omit<RedactPlace, "kind">;

/** What stands for a value that could not be redacted. */
const HIDDEN = Symbol("hidden");

/**
 * Stands between what is stored and all that is sent: every run, event and state leaves the engine
 * through it. What is stored stays as it is, so that a policy may change later.
 */
export class Redactor {
  readonly #options: RedactorOptions;
  /** Events that many watch are redacted once for each viewer. */
  readonly #known = new WeakMap<RunEvent, Map<string, RunEvent>>();
  /** Where the hook has failed, so that the log is told once. */
  readonly #told = new Set<string>();

  constructor(options: RedactorOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#options.redact === undefined;
  }

  run(run: Run, caller: Caller): Run {
    if (this.isIdle) return run;
    const place = { workflow: run.workflow, runId: run.id, node: null, ...seenBy(caller) };
    const context = run.context && this.#show(run.context, { ...place, kind: "context" });
    return {
      ...run,
      input: this.#show(run.input, { ...place, kind: "input" }),
      context: isJsonObject(context ?? undefined) ? (context as JsonObject) : null,
      output: this.#show(run.output, { ...place, kind: "output" }),
      interrupts: this.#interrupts(run.interrupts, place),
    };
  }

  page(page: EventPage, owner: Owner, caller: Caller): EventPage {
    if (this.isIdle) return page;
    const { workflow, id: runId } = owner;
    const { key } = sharedCaller(caller);
    const show = (event: RunEvent): RunEvent =>
      this.#once(event, key, { workflow, runId, node: event.node, ...seenBy(caller) });
    return { ...page, events: page.events.map(show) };
  }

  state(state: ThreadState, workflow: string, caller: Caller): ThreadState {
    if (this.isIdle) return state;
    const place = { workflow, runId: state.runId, node: null, ...seenBy(caller) };
    return {
      ...state,
      values: this.#show(state.values, { ...place, kind: "state" }),
      interrupts: this.#interrupts(state.interrupts, place),
    };
  }

  #once(event: RunEvent, key: string, place: Place): RunEvent {
    const forCallers = this.#known.get(event) ?? new Map<string, RunEvent>();
    this.#known.set(event, forCallers);
    const known = forCallers.get(key);
    if (known) return known;
    const redacted = this.#event(event, place);
    forCallers.set(key, redacted);
    return redacted;
  }

  #event(event: RunEvent, place: Place): RunEvent {
    switch (event.kind) {
      case "written":
        return this.#written(event, place);
      case "state":
        return { ...event, changes: this.#show(event.changes, { ...place, kind: "changes" }) };
      case "message": {
        const isCut = event.message === null;
        // Of what was too large only the text is left: that is shown as a message would be.
        const whole = isCut ? { id: event.messageId, content: event.content } : event.message;
        const message = this.#show(whole, { ...place, kind: "message" });
        if (isDeepStrictEqual(message, whole)) return event;
        return { ...event, message: isCut ? null : message, content: textOf(message) };
      }
      case "status":
        return {
          ...event,
          ...(event.output !== undefined && {
            output: this.#show(event.output, { ...place, kind: "output" }),
          }),
          ...(event.interrupts && { interrupts: this.#interrupts(event.interrupts, place) }),
        };
      case "node":
        return event;
    }
  }

  #written(event: Extract<RunEvent, { kind: "written" }>, place: Place): RunEvent {
    const payload = this.#hide(event.payload, { ...place, kind: "payload" });
    if (payload === HIDDEN) return hidden(event);
    const { data, problems: _problems, ...rest } = event;
    if (data === undefined) {
      if (isDeepStrictEqual(payload, event.payload)) return event;
      const types = this.#options.workflows.get(place.workflow)?.events ?? new Map();
      return { ...rest, ...writtenBody(payload, types) };
    }
    // What the schema made of the payload is judged by itself: it need not be valid as a payload.
    const shown = this.#hide({ type: event.event, ...data }, { ...place, kind: "payload" });
    if (shown === HIDDEN || !isJsonObject(shown)) return hidden(event);
    const { type: _type, ...fields } = shown;
    return { ...rest, payload, data: fields };
  }

  #interrupts(interrupts: readonly Interrupt[], place: Place): readonly Interrupt[] {
    return interrupts.map((interrupt) => ({
      ...interrupt,
      value: this.#show(interrupt.value, {
        ...place,
        node: interrupt.node ?? place.node,
        kind: "interrupt",
      }),
    }));
  }

  /** What is sent for a value; `null` where that cannot be told. */
  #show(value: JsonValue, place: RedactPlace): JsonValue {
    const shown = this.#hide(value, place);
    return shown === HIDDEN ? null : shown;
  }

  #hide(value: JsonValue, place: RedactPlace): JsonValue | typeof HIDDEN {
    const { redact } = this.#options;
    if (!redact) return value;
    try {
      // A copy: what is stored may be this very object.
      const shown: unknown = redact(structuredClone(value), place);
      if (shown instanceof Promise) {
        shown.catch(() => undefined);
        throw new TypeError("redact returned a promise: it must answer at once");
      }
      return toJson(shown);
    } catch (error) {
      this.#tell(error, place);
      return HIDDEN;
    }
  }

  #tell(error: unknown, { workflow, kind, runId }: RedactPlace): void {
    const where = JSON.stringify([workflow, kind]);
    if (this.#told.has(where)) return;
    this.#told.add(where);
    this.#options.logger.error(
      { err: error, workflow, kind, runId },
      "redact failed: nothing is sent of what it was given, here and wherever it fails again",
    );
  }
}

function seenBy({ viewer, watches }: Caller): Pick<RedactPlace, "viewer" | "byWatchToken"> {
  return { viewer, byWatchToken: watches !== undefined };
}

/** An event of which nothing but its place is sent. */
function hidden(event: Extract<RunEvent, { kind: "written" }>): RunEvent {
  const { data: _data, ...rest } = event;
  const problems = [{ path: [], message: "Hidden: the server could not redact it" }];
  return { ...rest, event: null, payload: null, problems };
}
