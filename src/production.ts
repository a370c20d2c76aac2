/** Whether this is production, by the one sign that all of Node's world goes by. */
export function isProduction(): boolean {
  return process.env["NODE_ENV"] === "production";
}
