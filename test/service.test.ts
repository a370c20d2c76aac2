import { describe, expect, test } from "vitest";
import { ConfigError } from "../src/errors.ts";
import { DEFAULT_LIMITS, withDefaults } from "../src/runs/engine-options.ts";
import { createService } from "../src/service.ts";
import { graphOf } from "./support/graphs.ts";
import { recordingLogger } from "./support/recording-logger.ts";

describe("limits", () => {
  test("that are left out, or undefined, have their defaults", () => {
    expect(withDefaults({ runTimeoutMs: undefined, maxConcurrentRuns: 5 })).toEqual({
      ...DEFAULT_LIMITS,
      maxConcurrentRuns: 5,
    });
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
