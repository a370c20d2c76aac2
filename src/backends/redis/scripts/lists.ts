import { defineScript } from "./script.ts";

/**
 * Walks a set of runs or threads, newest first. Takes `kind set limit looks time id filterCount …field
 * value pairs …statuses`: `time` and `id` say after which one to begin; with an id alone its record
 * says the time. Looks at no more than so many records, since nobody else is served meanwhile. Answers
 * where to go on, empty at the end, and the records that are wanted: any of these statuses, if given.
 */
export const LIST = defineScript(`
local kind, set, limit, looks, time, after, filters = unpack(ARGV, 1, 7)
limit, looks, filters = tonumber(limit), tonumber(looks), tonumber(filters)
set = key(set)
local function record_key(id) return key(kind .. ':' .. id) end

local statuses
for i = 8 + filters * 2, #ARGV do
  statuses = statuses or {}
  statuses[ARGV[i]] = true
end
local function is_wanted(id)
  for i = 8, 7 + filters * 2, 2 do
    if call('HGET', record_key(id), ARGV[i]) ~= ARGV[i + 1] then return false end
  end
  return not statuses or statuses[call('HGET', record_key(id), 'status')]
end

local answer = { '', '' }
local rank = 0
if after ~= '' then
  if time == '' then time = call('HGET', record_key(after), 'createdAt') end
  if not time then return answer end
  -- It need not be in this set: then it is put there, to see where that is.
  local is_guest = call('ZADD', set, 'NX', time, after) == 1
  rank = call('ZREVRANK', set, after)
  if is_guest then call('ZREM', set, after) else rank = rank + 1 end
end
while true do
  local found = call('ZRANGE', set, rank, rank + 99, 'REV', 'WITHSCORES')
  if #found == 0 then return answer end
  for i = 1, #found, 2 do
    local id = found[i]
    if is_wanted(id) then answer[#answer + 1] = call('HGETALL', record_key(id)) end
    looks = looks - 1
    if looks == 0 or #answer - 2 == limit then
      answer[1], answer[2] = found[i + 1], id
      return answer
    end
  end
  rank = rank + 100
end
`);
