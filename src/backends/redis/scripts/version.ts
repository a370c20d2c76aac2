import { defineScript } from "./script.ts";

/** Notes which version the keys are of, unless that is noted; answers it. Takes the version. */
export const VERSION = defineScript(`
call('SET', key('version'), ARGV[1], 'NX')
return call('GET', key('version'))
`);
