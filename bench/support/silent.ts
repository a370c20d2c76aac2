/** A logger for services that are measured: only errors are of interest. */
export const SILENT = { debug() {}, info() {}, warn() {}, error: console.error };
