/** One promise of a port, for any test runner: run every case against a subject of its own. */
export interface ContractCase<T> {
  /** The promise, as a sentence. */
  readonly name: string;
  /** Rejects if the subject breaks the promise. */
  run(subject: T): Promise<void>;
}
