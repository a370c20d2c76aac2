import { placesOf } from "../../access/caller.ts";
import { callerOf, type ApiContext } from "../../api/context.ts";
import { LimitExceededError } from "../../errors.ts";
import type { TransportContext } from "./pipeline.ts";
import { Tally } from "./tally.ts";
import type { TransportLimits } from "./transport-limits.ts";

/**
 * Lets a subscription begin, whatever brought it: one of a viewer who has as many open as may be is
 * refused, and so is one on a WebSocket with as many. What is returned is to be called when it has
 * ended. Throws `LimitExceededError`.
 */
export function createAdmission({
  maxSubscriptionsPerSocket,
  maxSubscriptionsPerViewer,
}: TransportLimits): (context: ApiContext & TransportContext) => () => void {
  const ofViewers = new Tally(maxSubscriptionsPerViewer);
  return (context) => {
    const places = placesOf(callerOf(context));
    // Nobody is told from anybody where nobody is identified.
    const leave = places === null ? () => {} : ofViewers.enter(places);
    if (!leave) throw tooMany("maxSubscriptionsPerViewer", maxSubscriptionsPerViewer, "are open");
    const { socket } = context;
    if (socket && socket.subscriptions >= maxSubscriptionsPerSocket) {
      leave();
      throw tooMany(
        "maxSubscriptionsPerSocket",
        maxSubscriptionsPerSocket,
        "are open on the socket",
      );
    }
    if (socket) socket.subscriptions += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      if (socket) socket.subscriptions -= 1;
      leave();
    };
  };
}

function tooMany(limit: keyof TransportLimits, max: number, where: string): LimitExceededError {
  const message = `${max} subscriptions ${where} already: end one before you begin another`;
  return new LimitExceededError({ limit, max, message });
}
