import { defineScript } from "./script.ts";

/**
 * Takes `clock owner leaseMs limit maxPerViewer claim runId workflowCount …workflows`: without
 * `maxPerViewer` and `runId` they are empty, and `workflowCount` is -1 for any. Answers records.
 */
export const CLAIM = defineScript(`
local given, owner, lease, limit, most, claim, only, size = unpack(ARGV, 1, 8)
local now = clock(given)
limit = tonumber(limit)
most = tonumber(most) or math.huge

-- Those whose lease has run out wait again.
local expired = call('ZRANGE', key('leases'), '-inf', whole(now), 'BYSCORE', 'LIMIT', 0, 1000)
for _, id in ipairs(expired) do place(id, now) end

local taken = {}
local function take(id)
  local run = run_key(id)
  call('HINCRBY', run, 'epoch', 1)
  call('HSET', run, 'owner', owner, 'leaseUntil', whole(now + lease), 'claim', claim, 'batchAfter', 'null')
  place(id, now)
  taken[#taken + 1] = call('HGETALL', run)
end

local workflows
if size == '-1' then workflows = call('SMEMBERS', key('lines'))
else workflows = { unpack(ARGV, 9, #ARGV) } end

if only ~= '' then
  local status, workflow, lease_until = unpack(call('HMGET', run_key(only), 'status', 'workflow', 'leaseUntil'))
  if not OPEN[status] or limit < 1 then return taken end
  if lease_until ~= 'null' and tonumber(lease_until) > now then return taken end
  local is_wanted = size == '-1'
  for _, wanted in ipairs(workflows) do is_wanted = is_wanted or wanted == workflow end
  if is_wanted then take(only) end
  return taken
end

-- The first of the heads of all lines; those of nobody alone are not bound by how many are held.
local function first()
  local best
  for _, workflow in ipairs(workflows) do
    local head = call('ZRANGE', key('line:' .. workflow), 0, 0)[1]
    if head and (not best or head < best) then best = head end
  end
  if not best or tonumber(best:sub(1, 6)) < most then return best end
  best = nil
  for _, workflow in ipairs(workflows) do
    local head = call('HGET', key('heads:null'), workflow)
    if head and (not best or head < best) then best = head end
  end
  return best
end

while #taken < limit do
  local head = first()
  if not head then break end
  take(head:sub(25))
end
return taken
`);

/** Takes `clock owner leaseMs …ids`. Answers how each stands. */
export const RENEW = defineScript(`
local given, owner, lease = unpack(ARGV, 1, 3)
local now = clock(given)
local states = {}
for i = 4, #ARGV do
  local run = run_key(ARGV[i])
  local holder, is_cancelled = unpack(call('HMGET', run, 'owner', 'cancelRequested'))
  if holder == owner then
    call('HSET', run, 'leaseUntil', whole(now + lease))
    place(ARGV[i], now)
    states[i - 3] = is_cancelled == 'true' and 'cancelRequested' or 'held'
  else
    states[i - 3] = 'lost'
  end
end
return states
`);

/** Takes `id claim epoch`: gives a run that is still of this claim a higher epoch, and answers whether. */
export const RAISE = defineScript(`
local run = run_key(ARGV[1])
if call('HGET', run, 'claim') ~= ARGV[2] then return 0 end
call('HSET', run, 'epoch', ARGV[3])
return 1
`);
