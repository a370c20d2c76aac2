import { defineScript } from "./script.ts";

/**
 * Stores a run with its first event and its thread. Takes `creation mayWait clock id thread viewer
 * createdAt lastSeq event fieldCount …fields of the run …fields of the thread`. Answers `exists` and
 * the record, `new`, `foreign`, or `busy` and the active run.
 */
export const CREATE = defineScript(`
local creation, may_wait, given, id, thread, viewer, created, last = unpack(ARGV, 1, 8)
local run = run_key(id)
if call('EXISTS', run) == 1 then
  -- A call that is repeated after a network error finds what it made.
  if call('HGET', run, 'creation') == creation then return { 'new' } end
  local record = call('HGETALL', run)
  table.insert(record, 1, 'exists')
  return record
end
local thread_key = key('thread:' .. thread)
local owner, is_named, began = unpack(call('HMGET', thread_key, 'viewer', 'isNamed', 'createdAt'))
if owner and owner ~= viewer then return { 'foreign' } end
local active = call('ZRANGE', key('thread-open:' .. thread), 0, 0)[1]
if active and may_wait == '0' then return { 'busy', active } end

local split = 10 + tonumber(ARGV[10])
call('HSET', thread_key, unpack(ARGV, split + 1, #ARGV))
if is_named == 'true' then call('HSET', thread_key, 'isNamed', 'true') end
if began then
  call('HSET', thread_key, 'createdAt', began)
else
  call('ZADD', key('threads'), created, thread)
  call('ZADD', key('threads:' .. viewer), created, thread)
end

local now = clock(given)
call('HSET', run, 'creation', creation, 'oldestSeq', last, 'batchAfter', 'null', 'claim', '', 'place', '', 'bytes', '0', unpack(ARGV, 11, split))
count_bytes(RECORD_BYTES)
add_events(id, tonumber(last) - 1, 9, 9)
call('ZADD', key('runs'), created, id)
call('ZADD', key('runs:' .. viewer), created, id)
call('ZADD', key('thread-runs:' .. thread), created, id)
move(id, nil, call('HGET', run, 'status'), now)
-- The new run may have been created before it.
if active then place(active, now) end
place(id, now)
return { 'new' }
`);

/** Takes `clock id`. Answers the record, empty if there is none. */
export const CANCEL = defineScript(`
local given, id = unpack(ARGV)
local run = run_key(id)
if OPEN[call('HGET', run, 'status')] then
  call('HSET', run, 'cancelRequested', 'true')
  place(id, clock(given))
end
return call('HGETALL', run)
`);

/** Takes `clock …ids`. */
export const DELETE = defineScript(`
local now = clock(ARGV[1])
for i = 2, #ARGV do forget(ARGV[i], now) end
`);

/** Takes `set before limit`, and answers the records of the runs that ended first. */
export const ENDED = defineScript(`
local records = {}
local ids = call('ZRANGE', key(ARGV[1]), '-inf', ARGV[2], 'BYSCORE', 'LIMIT', 0, ARGV[3])
for i, id in ipairs(ids) do records[i] = call('HGETALL', run_key(id)) end
return records
`);
