/** What leases are measured by: Redis' own clock, which all processes share, unless another is given. */
export class LeaseClock {
  readonly #given: (() => Date) | undefined;

  constructor(given: (() => Date) | undefined) {
    this.#given = given;
  }

  /** As scripts take it: the time in milliseconds, or nothing for that of Redis. */
  argument(): string {
    return this.#given ? String(this.#given().getTime()) : "";
  }

  /** For what is only noted down. */
  date(): Date {
    return this.#given?.() ?? new Date();
  }
}
