import { buildSchema } from "graphql";
import { expect, test } from "vitest";
import { createNames } from "../../../src/api/names.ts";
import { untypedPlaces } from "../../../src/cli/schema/untyped-places.ts";

const FIXED = `
  scalar JSON
  interface RunEvent { seq: Int! }
  interface WrittenEvent implements RunEvent { seq: Int! payload: JSON }
  type ProgressEvent implements RunEvent & WrittenEvent { seq: Int! payload: JSON current: Float! }
  type StateUpdate implements RunEvent { seq: Int! changes: JSON! state: WorkflowState }
  type Message { text: String! raw: JSON! }
  input MessageInput { text: String raw: JSON }
  type Query { run: StateUpdate event: RunEvent }
`;

const paths = (sdl: string, prefix?: string): readonly string[] =>
  untypedPlaces(buildSchema(FIXED + sdl), createNames(prefix)).map(({ path }) => path);

test("finds whole workflows of which nothing is known", () => {
  const sdl = `
    input WorkflowInput @oneOf { legacy: JSON }
    input WorkflowContext @oneOf { legacy: JSON }
    type WorkflowState { legacy: JSON }
    type WorkflowResult { legacy: JSON }
  `;
  expect(paths(sdl)).toEqual([
    "WorkflowInput.legacy",
    "WorkflowContext.legacy",
    "WorkflowState.legacy",
    "WorkflowResult.legacy",
  ]);
});

test("finds fields of inputs, objects, lists and unions, each once", () => {
  const sdl = `
    input WorkflowInput @oneOf { report: ReportInput }
    input ReportInput { meta: JSON, parts: [PartInput!]! }
    input PartInput { extra: [JSON!]! }
    type WorkflowState { report: ReportState }
    type WorkflowResult { report: ReportState }
    type ReportState { shape: Shape, again: [ReportState!] }
    union Shape = Circle | Square
    type Circle { radius: Float! }
    type Square { corners: [JSON] }
  `;
  expect(paths(sdl)).toEqual(["ReportInput.meta", "PartInput.extra", "Square.corners"]);
});

test("finds fields of declared events, and none of the service's own", () => {
  const sdl = `
    type CitationEvent implements RunEvent & WrittenEvent {
      seq: Int! payload: JSON extra: JSON source: Source
    }
    type Source { where: JSON }
    type WorkflowState { chat: ChatState }
    type ChatState { messages: [Message!]! }
    input WorkflowInput { chat: ChatInput }
    input ChatInput { messages: [MessageInput!]! }
  `;
  expect(paths(sdl)).toEqual(["CitationEvent.extra", "Source.where"]);
});

test("knows names with a prefix", () => {
  const sdl = "type WorkflowState { other: JSON } type AgentsWorkflowState { legacy: JSON }";
  expect(paths(sdl, "Agents")).toEqual(["AgentsWorkflowState.legacy"]);
});
