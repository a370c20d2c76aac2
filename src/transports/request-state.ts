/** What resolvers tell the transport about the answer to a request. */
export interface RequestState {
  /** There is nothing to send, now or ever: see `ApiContext.onPastEnd`. */
  isPastEnd: boolean;
}

const states = new WeakMap<Request, RequestState>();

export function requestState(request: Request): RequestState {
  let state = states.get(request);
  if (!state) {
    state = { isPastEnd: false };
    states.set(request, state);
  }
  return state;
}
