import { InvalidArgumentError } from "commander";
import ms, { type StringValue } from "ms";

/** `7d`, `90m`, `1.5 hours` or `0`, in milliseconds. Refuses what has no unit. */
export function parseDuration(text: string): number {
  if (text === "0") return 0;
  const duration = /^[\d.]+ ?[a-z]+$/i.test(text) ? ms(text as StringValue) : undefined;
  if (duration !== undefined && Number.isFinite(duration)) return duration;
  throw new InvalidArgumentError("It must be a time with its unit, such as 7d, 12h or 30s.");
}

/** `500MiB` or `1.5GiB`, in bytes. */
export function parseSize(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?) ?([KMGT]iB)$/i.exec(text) ?? [];
  const size = Number(number) * 1024 ** ("KMGT".indexOf(unit.charAt(0).toUpperCase()) + 1);
  if (size > 0) return Math.round(size);
  throw new InvalidArgumentError("It must be a size with its unit, such as 500MiB or 2GiB.");
}
