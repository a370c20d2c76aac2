import { validateSchema, type GraphQLObjectType, type GraphQLSchema } from "graphql";
import { ConfigError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import type { Logger } from "../logger.ts";
import type { Engine } from "../runs/engine.ts";
import type { Api } from "./api.ts";
import { createBuilder } from "./builder.ts";
import { addCancelRun } from "./cancel-run.ts";
import { addContinueThread } from "./continue-thread.ts";
import { addCreateWatchToken } from "./create-watch-token.ts";
import { Enums } from "./data/enums.ts";
import { InputTypes } from "./data/input-types.ts";
import { Misfits } from "./data/misfits.ts";
import { OutputTypes } from "./data/output-types.ts";
import { readShapes } from "./data/workflow-shapes.ts";
import { addDeleteThread } from "./delete-thread.ts";
import { createEventCatalog } from "./event-catalog.ts";
import { toSubgraph } from "./federation.ts";
import { addForkThread } from "./fork-thread.ts";
import { implementMessage } from "./message.ts";
import { guardRoots } from "./guard-roots.ts";
import { createNames, distinctNames, toFieldName, type Names } from "./names.ts";
import { implementObservedEvents } from "./observed-events.ts";
import { addRunQueries } from "./query-runs.ts";
import { addThreadQueries } from "./query-threads.ts";
import { addWorkflowQueries } from "./query-workflows.ts";
import { createRefs } from "./refs.ts";
import { addResumeRun } from "./resume-run.ts";
import { createRunArgs } from "./run-args.ts";
import { implementRunConnection } from "./run-connection.ts";
import { implementRunEvent } from "./run-event.ts";
import { implementRunStatusEvent } from "./run-status-event.ts";
import { addRunWorkflow } from "./run-workflow.ts";
import { presentErrors } from "./present-errors.ts";
import { implementRun } from "./run.ts";
import type { SchemaOptions } from "./schema-options.ts";
import { addStartRun } from "./start-run.ts";
import { implementThreadState } from "./thread-state.ts";
import { implementThread } from "./thread.ts";
import { addUpdateThreadState } from "./update-thread-state.ts";
import { createWorkflowEvent } from "./workflow-event.ts";
import { addWorkflowEvents } from "./workflow-events.ts";
import { implementWorkflow } from "./workflow.ts";
import {
  createWorkflowInputs,
  implementWorkflowData,
  writeWorkflowInput,
} from "./workflow-data.ts";
import { implementWrittenEvents } from "./written-events.ts";

/** The schema, and the names that it gave. */
export interface Schema {
  readonly schema: GraphQLSchema;
  readonly names: Names;
  /** What `WorkflowInput` takes for a workflow's input in JSON; `undefined` if there is no such workflow. */
  readonly toWorkflowInput: (workflow: string, input: JsonValue) => JsonObject | undefined;
}

/** Builds the GraphQL schema of an engine's workflows. Throws `ConfigError` on names that collide. */
export function createSchema(engine: Engine, logger: Logger, options: SchemaOptions = {}): Schema {
  const builder = createBuilder(options.scalars);
  const names = createNames(options.prefix);
  const enums = new Enums(builder, names);
  const { message, messageInput } = implementMessage(builder, names);
  const api: Api = {
    builder,
    names,
    engine,
    refs: createRefs(builder, names),
    shapes: new Map([...engine.workflows].map(([name, workflow]) => [name, readShapes(workflow)])),
    outputs: new OutputTypes(builder, names, enums, message),
    inputs: new InputTypes(builder, names, enums, messageInput),
    misfits: new Misfits(logger),
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
  implementObservedEvents(api);
  implementRunStatusEvent(api);
  const events = createWorkflowEvent(api);
  implementRun(api, events);
  implementRunConnection(api);
  implementThread(api);
  implementThreadState(api);
  implementWorkflow(api);
  const workflowInputs = createWorkflowInputs(api);
  const args = createRunArgs(api, workflowInputs);

  addWorkflowQueries(api);
  addRunQueries(api);
  addThreadQueries(api);
  addStartRun(api, args);
  addResumeRun(api);
  addCancelRun(api);
  addContinueThread(api, args);
  addUpdateThreadState(api);
  addForkThread(api);
  addDeleteThread(api);
  addCreateWatchToken(api);
  addRunWorkflow(api, args, events);
  addWorkflowEvents(api, events);
  // What is made of the user's schemas comes last: the service's own names have precedence.
  implementWrittenEvents(api);
  implementWorkflowData(api, workflowInputs);
  const schema = builder.toSchema();
  checkSchema(schema);
  const finished = options.federation ? toSubgraph(schema, api) : schema;
  guardRoots(finished, engine.access, names);
  presentErrors(finished.getQueryType());
  presentErrors(finished.getMutationType());
  presentErrors(finished.getSubscriptionType());
  for (const name of ["Run", "Thread", "ThreadState"]) {
    presentErrors(schema.getType(names.type(name)) as GraphQLObjectType);
  }
  return {
    schema: finished,
    names,
    toWorkflowInput: (workflow, input) => writeWorkflowInput(api, workflow, input),
  };
}

/** What no name tells, such as an input that must contain itself without end. Throws `ConfigError`. */
function checkSchema(schema: GraphQLSchema): void {
  const [error] = validateSchema(schema);
  if (!error) return;
  throw new ConfigError(`The workflows' data makes no valid GraphQL schema: ${error.message}`);
}
