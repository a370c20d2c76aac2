import { defineScript } from "./script.ts";

/** Takes `thread token ms`. Answers -1 if the lock is this token's now, or how long another has it. */
export const LOCK = defineScript(`
local lock = key('lock:' .. ARGV[1])
local holder = call('GET', lock)
if holder and holder ~= ARGV[2] then return math.max(0, call('PTTL', lock)) end
call('SET', lock, ARGV[2], 'PX', ARGV[3])
return -1
`);

/** Takes `thread token ms`. Answers whether the lock is still this token's. */
export const PROLONG = defineScript(`
local lock = key('lock:' .. ARGV[1])
if call('GET', lock) ~= ARGV[2] then return 0 end
return call('PEXPIRE', lock, ARGV[3])
`);

/** Takes `thread token channel`. */
export const UNLOCK = defineScript(`
local lock = key('lock:' .. ARGV[1])
if call('GET', lock) ~= ARGV[2] then return end
call('DEL', lock)
call('PUBLISH', ARGV[3], '')
`);
