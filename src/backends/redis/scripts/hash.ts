import { defineScript } from "./script.ts";

/** Takes a name, and answers field and value in turn: clients make different things of `HGETALL`. */
export const HASH = defineScript(`
return call('HGETALL', key(ARGV[1]))
`);
