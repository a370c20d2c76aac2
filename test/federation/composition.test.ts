import { composeServices as composeByApollo } from "@apollo/composition";
import { composeServices as composeByTheGuild } from "@theguild/federation-composition";
import { buildSchema, parse, type DocumentNode } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as report from "../../src/demo/report.ts";
import * as research from "../../src/demo/research.ts";
import { createService, type Service } from "../../src/index.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { NOTES_SDL, sdlOf } from "./subgraphs.ts";

const services: Service[] = [];
let subgraphs: { readonly name: string; readonly url: string; readonly typeDefs: DocumentNode }[];

beforeAll(async () => {
  for (const prefix of [undefined, "Agents"]) {
    services.push(
      createService({
        workflows: { report, research },
        logger: recordingLogger(),
        schema: { federation: true, prefix },
      }),
    );
  }
  const sdls = [...(await Promise.all(services.map(({ schema }) => sdlOf(schema)))), NOTES_SDL];
  subgraphs = ["runs", "agents", "notes"].map((name, i) => ({
    name,
    url: `http://localhost/${name}`,
    typeDefs: parse(sdls[i] ?? ""),
  }));
});
afterAll(async () => {
  for (const service of services) await service[Symbol.asyncDispose]();
});

test.each([
  ["@apollo/composition", () => composeByApollo(subgraphs)],
  ["@theguild/federation-composition", () => composeByTheGuild(subgraphs)],
])(
  "%s composes a service with a second, prefixed one and a subgraph that extends Run and Thread",
  (_name, compose) => {
    const { supergraphSdl, errors } = compose();
    expect(errors ?? []).toEqual([]);
    const supergraph = buildSchema(supergraphSdl ?? "", { assumeValidSDL: true });
    const fieldsOf = (name: string): readonly string[] => {
      const type = supergraph.getType(name);
      return type && "getFields" in type ? Object.keys(type.getFields()) : [];
    };
    expect(fieldsOf("Run")).toEqual(expect.arrayContaining(["id", "status", "events", "note"]));
    expect(fieldsOf("AgentsRun")).toEqual(expect.arrayContaining(["id", "status", "events"]));
    expect(fieldsOf("Thread")).toEqual(expect.arrayContaining(["id", "state", "title"]));
    expect(fieldsOf("AgentsThread")).toEqual(expect.arrayContaining(["id", "state"]));
    expect(fieldsOf("AgentsRun")).not.toContain("note");
    expect(fieldsOf("Subscription").toSorted()).toEqual([
      "agentsRunWorkflow",
      "agentsWorkflowEvents",
      "runWorkflow",
      "workflowEvents",
    ]);
  },
);

test("@apollo/composition has no advice to give", () => {
  expect(composeByApollo(subgraphs).hints ?? []).toEqual([]);
});
