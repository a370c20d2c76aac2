import { CloseCode } from "graphql-ws";
import type { WebSocket } from "ws";
import { atExpiry } from "../../access/at-expiry.ts";
import type { Authenticator, Credentials } from "../../access/authenticate.ts";
import { placesOf, type Caller } from "../../access/caller.ts";
import type { MaskError } from "../pipeline/mask-error.ts";
import { refusalOf, TRY_AGAIN_LATER, type Close } from "./socket-close.ts";
import { Tally } from "../pipeline/tally.ts";

/** Stock clients come back from it, and ask for their `connectionParams` anew. */
const EXPIRED: Close = { code: CloseCode.Forbidden, reason: "Token expired" };

/** Not 4429, which clients take for the end: of tabs that reconnect together the lost sockets may still be open here. */
const TOO_MANY: Close = { code: TRY_AGAIN_LATER, reason: "Too many sockets" };

export interface SocketAdmissionOptions {
  readonly authenticate: Authenticator;
  readonly maxSocketsPerViewer: number;
  readonly maskError: MaskError;
}

/**
 * Resolves with who has opened a socket, once that is known. Closes it, and resolves with `undefined`, for
 * nobody and for one who has too many; closes it later, when what its client has shown is no longer good.
 */
export type AdmitSocket = (
  socket: WebSocket,
  credentials: Credentials,
) => Promise<Caller | undefined>;

export function createSocketAdmission({
  authenticate,
  maxSocketsPerViewer,
  maskError,
}: SocketAdmissionOptions): AdmitSocket {
  const ofViewers = new Tally(maxSocketsPerViewer);

  return async (socket, credentials) => {
    const close = ({ code, reason }: Close): void => socket.close(code, reason);
    let caller: Caller;
    try {
      caller = await authenticate(credentials);
    } catch (error) {
      close(refusalOf(maskError(error)));
      return undefined;
    }
    const places = placesOf(caller);
    // Nobody is told from anybody where nobody is identified.
    const leave = places === null ? () => {} : ofViewers.enter(places);
    if (!leave) {
      close(TOO_MANY);
      return undefined;
    }
    const keep = atExpiry(caller, () => close(EXPIRED));
    onceClosed(socket, () => {
      leave();
      keep();
    });
    return caller;
  };
}

/** At once if it has closed already: while its viewer was found out, say. */
function onceClosed(socket: WebSocket, then: () => void): void {
  if (socket.readyState === socket.CLOSED) then();
  else socket.on("close", then);
}
