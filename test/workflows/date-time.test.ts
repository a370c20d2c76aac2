import { expect, test } from "vitest";
import { isDateTime } from "../../src/workflows/date-time.ts";

test.each([
  "2026-01-02",
  "2024-02-29",
  "2026-01-02T03:04Z",
  "2026-01-02T03:04:05.123456Z",
  "2026-01-02t03:04:05z",
  "2026-01-02 03:04:05+01:00",
  "2026-01-02T03:04:05",
])("%s is a time", (text) => {
  expect(isDateTime(text)).toBe(true);
});

test.each([
  ["has no such day", "2026-02-30"],
  ["has no such day, at some time", "2026-02-29T10:00:00+01:00"],
  ["has no such month", "2026-13-01"],
  ["has no such hour", "2026-01-02T25:00:00Z"],
  ["has no such offset", "2026-01-02T03:04:05+99:99"],
  ["is only read by `Date`", "5"],
  ["is the text of a `Date` for people", "Fri Jan 02 2026"],
  ["is more than a time", "2026-01-02T03:04:05Z, or later"],
  ["is nothing", ""],
])("what %s is none: %s", (_name, text) => {
  expect(isDateTime(text)).toBe(false);
});
