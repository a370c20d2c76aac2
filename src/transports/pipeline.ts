import type { YogaServerInstance } from "graphql-yoga";
import type { ApiContext } from "../api/context.ts";

/** What a transport knows of an operation beside its request. */
export interface TransportContext {
  /** See {@link ApiContext.operationId}. */
  readonly operationId?: string | undefined;
}

/** The pipeline that every operation goes through, whatever brought it. */
export type Pipeline = YogaServerInstance<TransportContext, ApiContext>;
