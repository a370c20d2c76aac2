import type { YogaServerInstance } from "graphql-yoga";
import type { ApiContext } from "../../api/context.ts";

/** What a transport knows of an operation beside its request. */
export interface TransportContext {
  /** See {@link ApiContext.operationId}. */
  readonly operationId?: string | undefined;
  /** What is open on the WebSocket that it came on; absent if it came otherwise. */
  readonly socket?: SocketUse | undefined;
}

/** What is open on a WebSocket. */
export interface SocketUse {
  subscriptions: number;
}

/** The pipeline that every operation goes through, whatever brought it. */
export type Pipeline = YogaServerInstance<TransportContext, ApiContext>;
