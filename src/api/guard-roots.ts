import { defaultFieldResolver, type GraphQLObjectType, type GraphQLSchema } from "graphql";
import { watchersOnly, type Access } from "../access/access.ts";
import { callerOf, type ApiContext } from "./context.ts";
import type { Names } from "./names.ts";

/**
 * Lets nobody past a root field whom the service does not know, on whatever server the schema is
 * executed. Whose a run or a thread is, the engine decides.
 */
export function guardRoots(schema: GraphQLSchema, access: Access, names: Names): void {
  const forWatchers = new Set([names.rootField("run"), names.rootField("workflowEvents")]);
  const types = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  for (const type of types)
    guard(type, (field, context) => {
      const caller = callerOf(context);
      access.admit(caller);
      if (caller.watches !== undefined && !forWatchers.has(field)) throw watchersOnly();
    });
}

function guard(
  type: GraphQLObjectType | null | undefined,
  check: (field: string, context: ApiContext | undefined) => void,
): void {
  for (const field of Object.values(type?.getFields() ?? {})) {
    const { name, subscribe, resolve = defaultFieldResolver } = field;
    if (subscribe) {
      field.subscribe = (root, args, context: ApiContext | undefined, info) => {
        check(name, context);
        return subscribe(root, args, context, info);
      };
    } else {
      field.resolve = (root, args, context: ApiContext | undefined, info) => {
        check(name, context);
        return resolve(root, args, context, info);
      };
    }
  }
}
