import {
  getNamedType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLType,
} from "graphql";
import type { Names } from "../../api/names.ts";

/** Where clients get or give `JSON` because nothing more is known of a workflow's data. */
export interface UntypedPlace {
  /** `WorkflowInput.legacy`, `ReportState.meta`. */
  readonly path: string;
  /** What to write instead. */
  readonly fix: string;
}

const OF_WORKFLOWS = ["WorkflowInput", "WorkflowContext", "WorkflowState", "WorkflowResult"];

/** They are JSON in part whatever a workflow says of its messages. */
const MESSAGES = ["Message", "MessageInput"];

/**
 * The places, in the order of the schema. The service's own fields of type `JSON`, such as
 * `StateUpdate.changes`, are none: they are beside the typed ones, for those who want everything.
 */
export function untypedPlaces(schema: GraphQLSchema, names: Names): readonly UntypedPlace[] {
  const places = new Map<string, UntypedPlace>();
  const seen = new Set<GraphQLNamedType>(
    MESSAGES.flatMap((name) => schema.getType(names.type(name)) ?? []),
  );

  function visit(type: GraphQLNamedType | undefined, fix: string, without: object = {}): void {
    if (!type || seen.has(type)) return;
    seen.add(type);
    if (isUnionType(type)) for (const member of type.getTypes()) visit(member, FIELD_FIX);
    if (!isObjectType(type) && !isInputObjectType(type)) return;
    for (const field of Object.values(type.getFields())) {
      if (field.name in without) continue;
      const fieldType = getNamedType(field.type as GraphQLType);
      const path = `${type.name}.${field.name}`;
      if (fieldType.name === "JSON") places.set(path, { path, fix });
      else visit(fieldType, FIELD_FIX);
    }
  }

  for (const name of OF_WORKFLOWS) visit(schema.getType(names.type(name)), WORKFLOW_FIX);
  const writtenEvent = schema.getType(names.type("WrittenEvent"));
  if (isInterfaceType(writtenEvent)) {
    for (const event of schema.getPossibleTypes(writtenEvent)) {
      visit(event, FIELD_FIX, writtenEvent.getFields());
    }
  }
  return [...places.values()];
}

const WORKFLOW_FIX =
  "give the graph a schema, new StateGraph(z.object({ … })) or a StateSchema in place of an Annotation";

const FIELD_FIX =
  "say what it holds, z.object({ … }) or another type in place of z.any(), z.unknown() or z.record()";
