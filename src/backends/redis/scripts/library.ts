/**
 * What the scripts share. A script gets one key, the tag that all of its keys begin with: Redis
 * Cluster keeps keys with one hash tag on one node, so that none of them reaches over two. Names, by
 * what comes after the tag and a colon:
 *
 * - `run:<id>`: a hash, the record of a run, as `run-fields.ts` writes it, and `oldestSeq`,
 *   `batchAfter`, `claim` (names the claim that its epoch is from), `place`, `bytes` and `creation`;
 *   `log:<id>`: a stream, its events, each under the id `<seq>-0`.
 * - `thread:<id>`: a hash, its record; `thread-runs:<id>`, `thread-open:<id>`: its runs, and those that
 *   have not ended, of which the first is active.
 * - `runs`, `runs:<viewer>`, `open`, `queued`, `threads`, `threads:<viewer>`: ids by the time of their
 *   creation; `ended`, `ended-events`: by the time of their end. Within one millisecond Redis sorts by
 *   the id.
 * - `wait:<viewer>:<workflow>`: runs to be claimed, by creation; `leases`: runs that are held, by the
 *   time at which that ends; `held`: how many a viewer holds.
 * - `line:<workflow>`: of each viewer the run that is next, in the order in which they are claimed:
 *   `<runs held by the viewer> <time> <run id>`; `heads:<viewer>`: what stands there for the viewer, by
 *   workflow; `lines`: the workflows that have one.
 * - `counts`, `counts:<viewer>`: how many have not ended, by `<status> <workflow>`.
 * - `bytes`: of all events and records; `lock:<thread id>`.
 *
 * A viewer is written as JSON, in which nobody is `null`; ids and workflows as they are.
 */
export const LIBRARY = `
local TAG = KEYS[1]
-- What an event takes beside its text, and a record with its places in the sets: roughly, in bytes.
local EVENT_BYTES = 40
local RECORD_BYTES = 3000

local call = redis.call
local function key(name) return TAG .. ':' .. name end
local function run_key(id) return TAG .. ':run:' .. id end
local function log_key(id) return TAG .. ':log:' .. id end
local function whole(number) return string.format('%.0f', number) end

local OPEN = { queued = true, running = true, interrupted = true }

-- The time that leases are measured by, in milliseconds: what is given, or that of Redis.
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function count(hash, field, change)
  if call('HINCRBY', hash, field, change) == 0 then call('HDEL', hash, field) end
end

local function count_bytes(change)
  if call('INCRBY', key('bytes'), whole(change)) == 0 then call('DEL', key('bytes')) end
end

-- Puts the next run of a viewer into the line of a workflow, or takes the viewer out of it.
local function seat(viewer, workflow, level)
  local heads = key('heads:' .. viewer)
  local line = key('line:' .. workflow)
  local old = call('HGET', heads, workflow)
  local head = call('ZRANGE', key('wait:' .. viewer .. ':' .. workflow), 0, 0, 'WITHSCORES')
  local new = head[1] and string.format('%06d %016.0f ', level, tonumber(head[2])) .. head[1]
  if old == new then return end
  if old then call('ZREM', line, old) end
  if new then
    call('ZADD', line, 0, new)
    call('HSET', heads, workflow, new)
    call('SADD', key('lines'), workflow)
  else
    call('HDEL', heads, workflow)
    if call('EXISTS', line) == 0 then call('SREM', key('lines'), workflow) end
  end
end

-- A viewer who holds more, or fewer, runs than before comes later, or earlier, in every line.
local function hold(viewer, change)
  count(key('held'), viewer, change)
  local level = tonumber(call('HGET', key('held'), viewer) or 0)
  for _, workflow in ipairs(call('HKEYS', key('heads:' .. viewer))) do
    seat(viewer, workflow, level)
  end
end

-- Whether a run is active on its thread.
local function is_active(id, thread)
  return call('ZRANGE', key('thread-open:' .. thread), 0, 0)[1] == id
end

-- Puts a run where it belongs by its record: among those that are held, those that wait, or nowhere.
local function place(id, now, is_leaving)
  local run = run_key(id)
  local status, viewer, workflow, thread, created, lease_until, is_cancelled, old =
    unpack(call('HMGET', run, 'status', 'viewer', 'workflow', 'threadId', 'createdAt', 'leaseUntil', 'cancelRequested', 'place'))
  if not status then return end
  local new = ''
  if OPEN[status] and not is_leaving then
    if lease_until ~= 'null' and tonumber(lease_until) > now then
      new = 'held'
      call('ZADD', key('leases'), lease_until, id)
    elseif is_active(id, thread) then
      -- Whoever took an interrupted one to end it has died.
      local is_left = lease_until ~= 'null' and is_cancelled == 'true'
      if status ~= 'interrupted' or is_left then new = 'wait' end
    end
  end
  if old == new then return end
  call('HSET', run, 'place', new)
  local waiting = key('wait:' .. viewer .. ':' .. workflow)
  if old == 'wait' then call('ZREM', waiting, id) end
  if new == 'wait' then call('ZADD', waiting, created, id) end
  if old == 'held' then
    call('ZREM', key('leases'), id)
    hold(viewer, -1)
  elseif new == 'held' then
    hold(viewer, 1)
  end
  seat(viewer, workflow, tonumber(call('HGET', key('held'), viewer) or 0))
end

-- The run of a thread that is active by now, and may have waited for that.
local function promote(thread, now)
  local first = call('ZRANGE', key('thread-open:' .. thread), 0, 0)[1]
  if first then place(first, now) end
end

-- Counts a run less in the status that it had, and more in the one that its record has by now, and
-- puts it into the sets of that. Without a status to come from it is new, without one to go to it goes.
local function move(id, from, to, now)
  if from == to then return end
  local viewer, workflow, thread, created, finished, oldest, last =
    unpack(call('HMGET', run_key(id), 'viewer', 'workflow', 'threadId', 'createdAt', 'finishedAt', 'oldestSeq', 'lastSeq'))
  local function tally(status, change)
    count(key('counts'), status .. ' ' .. workflow, change)
    count(key('counts:' .. viewer), status .. ' ' .. workflow, change)
  end
  if OPEN[from] then tally(from, -1) end
  if OPEN[to] then tally(to, 1) end
  if from == 'queued' then call('ZREM', key('queued'), id) end
  if to == 'queued' then call('ZADD', key('queued'), created, id) end
  if OPEN[to] and not OPEN[from] then
    call('ZADD', key('open'), created, id)
    call('ZADD', key('thread-open:' .. thread), created, id)
  elseif OPEN[from] and not OPEN[to] then
    call('ZREM', key('open'), id)
    call('ZREM', key('thread-open:' .. thread), id)
    if to then
      call('ZADD', key('ended'), finished, id)
      if tonumber(oldest) <= tonumber(last) then call('ZADD', key('ended-events'), finished, id) end
    end
    promote(thread, now)
  end
end

-- Appends to a log whose record says where it ends; counts the bytes.
local function add_events(id, last, first, bound)
  local log = log_key(id)
  local bytes = 0
  for i = first, bound do
    last = last + 1
    bytes = bytes + #ARGV[i] + EVENT_BYTES
    call('XADD', log, whole(last) .. '-0', 'e', ARGV[i])
  end
  call('HINCRBY', run_key(id), 'bytes', whole(bytes))
  count_bytes(bytes)
end

-- Forgets a run, and its thread if that was made for it.
local function forget(id, now)
  local run = run_key(id)
  local status, viewer, thread, bytes =
    unpack(call('HMGET', run, 'status', 'viewer', 'threadId', 'bytes'))
  if not status then return end
  place(id, now, true)
  move(id, status, nil, now)
  call('ZREM', key('ended'), id)
  call('ZREM', key('ended-events'), id)
  call('ZREM', key('runs'), id)
  call('ZREM', key('runs:' .. viewer), id)
  call('ZREM', key('thread-runs:' .. thread), id)
  call('UNLINK', run, log_key(id))
  count_bytes(-tonumber(bytes) - RECORD_BYTES)
  if call('HGET', key('thread:' .. thread), 'isNamed') == 'false' then
    call('ZREM', key('threads'), thread)
    call('ZREM', key('threads:' .. viewer), thread)
    call('DEL', key('thread:' .. thread))
  end
end
`;
