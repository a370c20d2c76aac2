import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import * as errors from "../src/errors.ts";
import { startCommandLine } from "./cli/command-line.ts";
import { createProject } from "./cli/project.ts";
import { post } from "./support/http.ts";

/** As another copy of the package has them. */
async function copyOfErrors(): Promise<typeof errors> {
  vi.resetModules();
  return import("../src/errors.ts");
}

test("an error is known as what it is by another copy of the package", async () => {
  const other = await copyOfErrors();
  expect(other.ServiceError).not.toBe(errors.ServiceError);
  const thrown: unknown[] = [
    new other.UnauthenticatedError(),
    new other.StaleWriterError("run", 1),
    new other.ConfigError("wrong"),
  ];
  const kinds = [
    errors.ServiceError,
    errors.UnauthenticatedError,
    errors.ForbiddenError,
    errors.StaleWriterError,
    errors.ConfigError,
  ];
  expect(thrown.map((error) => kinds.map((kind) => error instanceof kind))).toEqual([
    [true, true, false, false, false],
    [false, false, false, true, false],
    [false, false, false, false, true],
  ]);
});

test("what only looks like one of ours is none, and whatever else was thrown neither", () => {
  class UnauthenticatedError extends Error {}
  const hostile = new Proxy(new Error("no"), {
    getPrototypeOf() {
      throw new Error("not to be looked at");
    },
  });
  const thrown: unknown[] = [new UnauthenticatedError(), hostile, null, undefined, "text", {}];
  expect(thrown.filter((one) => one instanceof errors.UnauthenticatedError)).toEqual([]);
  expect(thrown.filter((one) => one instanceof errors.ServiceError)).toEqual([]);
});

test("a project without ES modules, which loads a copy of its own, refuses by its hooks like any other", async () => {
  const index = fileURLToPath(new URL("../dist/index.js", import.meta.url));
  await using project = await createProject({
    "package.json": {},
    "langgraph.json": { graphs: { agent: "./agent.ts:graph" } },
    "agent.ts": `
      import { START, StateGraph } from "@langchain/langgraph";
      import { z } from "zod";
      export const graph = new StateGraph(z.object({ n: z.number().default(0) }))
        .addNode("work", () => ({ n: 1 })).addEdge(START, "work").compile();`,
    "langgraph-graphql.config.ts": `
      import { UnauthenticatedError } from ${JSON.stringify(index)};
      export default {
        authenticate() {
          throw new UnauthenticatedError("That one was stolen");
        },
      };`,
  });
  await using cli = startCommandLine(["serve", "--port", "0", "--memory"], project.folder);
  const url = await cli.url();
  const { errors: refused } = await post(url, { query: "{ __typename }" }, "Bearer stolen");
  expect(refused).toMatchObject([
    { message: "That one was stolen", extensions: { code: "UNAUTHENTICATED" } },
  ]);
});
