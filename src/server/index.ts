export type { GraphiqlTab } from "./graphiql.ts";
export { serve, type ServeOptions, type ServerHandle } from "./serve.ts";
export type { Exposure } from "./exposure.ts";
