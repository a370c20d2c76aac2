import type { GraphQLObjectType, GraphQLSchema } from "graphql";
import type { Engine } from "../runs/engine.ts";
import type { Api } from "./api.ts";
import { createBuilder } from "./builder.ts";
import { addCancelRun } from "./cancel-run.ts";
import { createEventCatalog } from "./event-catalog.ts";
import { createNames, distinctNames, toFieldName, type Names } from "./names.ts";
import { implementObservedEvents } from "./observed-events.ts";
import { addRunQueries } from "./query-runs.ts";
import { addWorkflowQueries } from "./query-workflows.ts";
import { createRefs } from "./refs.ts";
import { createRunArgs } from "./run-args.ts";
import { implementRunEvent } from "./run-event.ts";
import { implementRunStatusEvent } from "./run-status-event.ts";
import { addRunWorkflow } from "./run-workflow.ts";
import { presentErrors } from "./present-errors.ts";
import { implementRun } from "./run.ts";
import type { SchemaOptions } from "./schema-options.ts";
import { addStartRun } from "./start-run.ts";
import { createWorkflowEvent } from "./workflow-event.ts";
import { addWorkflowEvents } from "./workflow-events.ts";
import { implementWorkflow } from "./workflow.ts";
import { implementWrittenEvents } from "./written-events.ts";

/** The schema, and the names that it gave. */
export interface Schema {
  readonly schema: GraphQLSchema;
  readonly names: Names;
  /** Workflow name → its field in `WorkflowInput`, `WorkflowState` and `WorkflowResult`. */
  readonly workflowFields: ReadonlyMap<string, string>;
}

/** Builds the GraphQL schema of an engine's workflows. Throws `ConfigError` on names that collide. */
export function createSchema(engine: Engine, options: SchemaOptions = {}): Schema {
  const builder = createBuilder(options.scalars);
  const names = createNames(options.prefix);
  const api: Api = {
    builder,
    names,
    engine,
    refs: createRefs(builder, names),
    catalog: createEventCatalog(engine.workflows, names),
    workflowFields: distinctNames(
      engine.workflows.keys(),
      toFieldName,
      "The workflows",
      "rename one of them",
    ),
  };
  builder.queryType({});
  builder.mutationType({});
  builder.subscriptionType({});

  implementRunEvent(api);
  implementWrittenEvents(api);
  implementObservedEvents(api);
  implementRunStatusEvent(api);
  const events = createWorkflowEvent(api);
  implementRun(api, events);
  const args = createRunArgs(api, implementWorkflow(api));

  addWorkflowQueries(api);
  addRunQueries(api);
  addStartRun(api, args);
  addCancelRun(api);
  addRunWorkflow(api, args, events);
  addWorkflowEvents(api, events);
  const schema = builder.toSchema();
  presentErrors(schema.getQueryType());
  presentErrors(schema.getMutationType());
  presentErrors(schema.getSubscriptionType());
  presentErrors(schema.getType(names.type("Run")) as GraphQLObjectType);
  return { schema, names, workflowFields: api.workflowFields };
}
