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
      limits: { maxEvent: 5 },
      logger: recordingLogger(),
    };
    expect(() => createService(options as ServiceOptions)).toThrow(ConfigError);
    expect(() => createService(options as ServiceOptions)).toThrow(
      /limits\.maxEvent is no limit; there are: .*maxEventsPerRun.*maxDepth/,
    );
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
