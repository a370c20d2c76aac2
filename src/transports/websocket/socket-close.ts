import { CloseCode } from "graphql-ws";
import type { GraphQLError } from "graphql";
import { AccessTimeoutError } from "../../errors.ts";

/** Has clients connect again, elsewhere perhaps (RFC 6455 §7.4.1). */
export const GOING_AWAY = 1001;

/** Has clients come back after a while, since what failed passes (IANA's registry of WebSocket close codes). */
export const TRY_AGAIN_LATER = 1013;

/** How a socket is closed. */
export interface Close {
  readonly code: number;
  /** At most 123 bytes (RFC 6455 §5.5). */
  readonly reason: string;
}

const { code: TOO_SLOW } = new AccessTimeoutError();

/** How to send away whom the authenticator has refused, with `error` as clients may see it. */
export function refusalOf({ message, extensions }: GraphQLError): Close {
  const { code, errorId } = extensions;
  if (code === "INTERNAL") {
    return { code: TRY_AGAIN_LATER, reason: `Internal error ${String(errorId)}` };
  }
  if (code === TOO_SLOW) return { code: TRY_AGAIN_LATER, reason: message };
  return { code: CloseCode.Forbidden, reason: "Unauthenticated" };
}
