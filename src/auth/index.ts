/** Ready ways to tell who asks, for `createService({ authenticate })`. */
export type { Authenticate, Authentication, Credentials } from "../access/authenticate.ts";
export type { Viewer } from "../access/viewer.ts";
export { anyOf } from "./any-of.ts";
export { apiKeys, type ApiKeysOptions } from "./api-keys.ts";
export { jwt, type JwtOptions } from "./jwt.ts";
