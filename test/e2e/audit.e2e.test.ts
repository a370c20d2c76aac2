import { serverAudits } from "graphql-http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { report } from "../support/graphs.ts";
import { startService, type RunningService } from "../support/service.ts";

let service: RunningService;
beforeAll(async () => {
  service = await startService({ workflows: { report } });
});
afterAll(() => service[Symbol.asyncDispose]());

const AUDITS = serverAudits({ url: () => service.url });

test.each(AUDITS.map((audit) => [audit.name, audit] as const))(
  "as GraphQL over HTTP has it, the server %s",
  async (_name, audit) => {
    const { response, ...result } = { response: undefined, ...(await audit.fn()) };
    await response?.body?.cancel();
    expect(result).toEqual({ id: audit.id, name: audit.name, status: "ok" });
  },
);
