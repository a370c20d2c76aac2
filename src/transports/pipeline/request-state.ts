import type { Caller } from "../../access/caller.ts";

/** What the parts of a transport tell each other about the answer to a request. */
export interface RequestState {
  /** Who makes the request, once that is known. */
  caller: Caller | undefined;
  /** There is nothing to send, now or ever: see `ApiContext.onPastEnd`. */
  isPastEnd: boolean;
  /** It came to `POST /stream`, which answers with events whatever the client accepts. */
  isStreamEndpoint: boolean;
}

const states = new WeakMap<Request, RequestState>();

export function requestState(request: Request): RequestState {
  let state = states.get(request);
  if (!state) {
    state = { caller: undefined, isPastEnd: false, isStreamEndpoint: false };
    states.set(request, state);
  }
  return state;
}
