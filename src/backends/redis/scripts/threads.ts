import { defineScript } from "./script.ts";

/** Takes `id viewer createdAt …fields`, and answers whether there was none. */
export const CREATE_THREAD = defineScript(`
local id, viewer, created = unpack(ARGV, 1, 3)
local thread = key('thread:' .. id)
if call('EXISTS', thread) == 1 then return 0 end
call('HSET', thread, unpack(ARGV, 4, #ARGV))
call('ZADD', key('threads'), created, id)
call('ZADD', key('threads:' .. viewer), created, id)
return 1
`);

/**
 * Takes `clock id`. Answers the active run that keeps the thread from being forgotten, empty if there is
 * none, and the runs that were forgotten with it.
 */
export const DELETE_THREAD = defineScript(`
local now = clock(ARGV[1])
local thread = ARGV[2]
local viewer = call('HGET', key('thread:' .. thread), 'viewer')
if not viewer then return {} end
local active = call('ZRANGE', key('thread-open:' .. thread), 0, 0)[1]
if active then return { active } end
local answer = { '' }
for i, id in ipairs(call('ZRANGE', key('thread-runs:' .. thread), 0, -1)) do
  forget(id, now)
  answer[i + 1] = id
end
call('ZREM', key('threads'), thread)
call('ZREM', key('threads:' .. viewer), thread)
call('DEL', key('thread:' .. thread))
return answer
`);
