import type { GraphQLResolveInfo } from "graphql";
import { v5 as uuidv5, validate as isUuid } from "uuid";
import { callerOf, type ApiContext } from "./context.ts";

/** Our namespace for runs that are named after an operation (RFC 9562 §5.5); made up once. */
const OPERATION_NAMESPACE = "b3f0c0de-6f0c-4f57-9c69-5c5b6a2f7a51";

/**
 * The id of a run that its client has not named: graphql-ws clients send an operation again, after a
 * reconnect, under the id it had, a random UUID. Named after it, and after the field, of which a mutation
 * may have several, the run is found again. Scoped to the viewer, so that nobody reaches another's run
 * by repeating an id. `undefined` where the operation has no such id.
 */
export function runIdOfOperation(
  context: ApiContext | undefined,
  { path }: Pick<GraphQLResolveInfo, "path">,
): string | undefined {
  const operationId = context?.operationId;
  if (operationId === undefined || !isUuid(operationId)) return undefined;
  const { owner } = callerOf(context);
  return uuidv5(JSON.stringify([owner, operationId, path.key]), OPERATION_NAMESPACE);
}
