import { describe, expect, test } from "vitest";
import { ConfigError } from "../src/errors.ts";
import { withDefaults } from "../src/limits.ts";
import { DEFAULT_LIMITS } from "../src/runs/engine-options.ts";
import type { ServiceOptions } from "../src/service-options.ts";
import { createService } from "../src/service.ts";
import { graphOf } from "./support/graphs.ts";
import { recordingLogger } from "./support/recording-logger.ts";

describe("limits", () => {
  test("that are left out, or undefined, have their defaults", () => {
    const given = { runTimeoutMs: undefined, maxConcurrentRuns: 5 };
    expect(withDefaults(DEFAULT_LIMITS, given)).toEqual({
      ...DEFAULT_LIMITS,
      maxConcurrentRuns: 5,
    });
  });

  test("that are false are as high as they can be", () => {
    const given = { runTimeoutMs: false, maxConcurrentRuns: false } as const;
    expect(withDefaults(DEFAULT_LIMITS, given)).toEqual({
      ...DEFAULT_LIMITS,
      runTimeoutMs: 2 ** 31 - 1,
      maxConcurrentRuns: Number.MAX_SAFE_INTEGER,
    });
  });

  test("of a name that is none are refused at the start, with the names that there are", () => {
    const options = {
      workflows: { work: graphOf(() => undefined) },
      limits: { retries: 5 },
      logger: recordingLogger(),
    };
    expect(() => createService(options as ServiceOptions)).toThrow(ConfigError);
    expect(() => createService(options as ServiceOptions)).toThrow(
      /limits\.retries is no limit; there are: .*maxEventsPerRun.*maxDepth/,
    );
  });

  test("of a name that is like one are refused with that one", () => {
    const given: object = { maxConcurentRuns: 5 };
    expect(() => withDefaults(DEFAULT_LIMITS, given)).toThrow(
      "limits.maxConcurentRuns is no limit: did you mean maxConcurrentRuns?",
    );
  });

  test("of a text, even of a number, are refused, and it is seen to be one", () => {
    const given = { maxEventsPerRun: "5" } as unknown as { readonly maxEventsPerRun: number };
    expect(() => withDefaults(DEFAULT_LIMITS, given)).toThrow(/or false for no limit, not "5"$/);
  });

  test.each([
    ["runTimeoutMs", 2 ** 31],
    ["runTimeoutMs", Infinity],
    ["maxConcurrentRuns", 0],
    ["maxEventsPerRun", -1],
    ["maxBytesPerRun", Number.NaN],
    ["maxBytesPerRun", 1.5],
  ])("of %s: %d are refused at the start", (name, limit) => {
    const options = {
      workflows: { work: graphOf(() => undefined) },
      limits: { [name]: limit },
      logger: recordingLogger(),
    };
    expect(() => createService(options)).toThrow(ConfigError);
    expect(() => createService(options)).toThrow(`limits.${name} must be a whole number from 1`);
  });
});

test.each(["authenticate", "authorize", "redact"])(
  "%s that is no function is refused at the start",
  (name) => {
    for (const hook of [null, false, "jwt"]) {
      const options = { workflows: { work: graphOf(() => undefined) }, [name]: hook };
      expect(() => createService(options)).toThrow(
        new ConfigError(`${name} must be a function, not ${JSON.stringify(hook)}`),
      );
    }
  },
);

test.each(["graphql", "", "https://example.com/graphql", "/graphql?a=1"])(
  "the endpoint %j is refused at the start, with what one looks like",
  (endpoint) => {
    const options = { workflows: { work: graphOf(() => undefined) }, endpoint };
    expect(() => createService(options)).toThrow(
      new ConfigError(
        `endpoint must be a path such as "/graphql", not ${JSON.stringify(endpoint)}`,
      ),
    );
  },
);
