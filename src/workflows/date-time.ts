/** ISO 8601, as `DateTime` and `Date.toJSON` write it. */
const FORM = /^\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?)?$/;

/**
 * Whether `text` is a day, or a time on a day, of ISO 8601. `Date` itself reads nearly anything as
 * one, and 30 February as 2 March.
 */
export function isDateTime(text: string): boolean {
  const day = text.slice(0, "yyyy-mm-dd".length);
  return (
    FORM.test(text) &&
    !Number.isNaN(Date.parse(text)) &&
    new Date(day).toJSON() === `${day}T00:00:00.000Z`
  );
}
