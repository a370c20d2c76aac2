import { defineScript } from "./script.ts";

/**
 * Appends a batch if the head of the log is still the one that it was decided by. Takes `clock id
 * head isPlaced channel eventCount …events …fields`, where `isPlaced` tells whether the fields change
 * who may hold the run. Answers nothing, or the head as it is, empty if there is no such run.
 */
export const APPEND = defineScript(`
local given, id, expected, is_placed, channel, size = unpack(ARGV, 1, 6)
local run = run_key(id)
local head = call('HMGET', run, 'epoch', 'lastSeq', 'status', 'batchAfter', 'claim', 'owner', 'finishedAt')
if not head[1] then return {} end
if table.concat(head, ' ', 1, 5) ~= expected then return head end
local bound = 6 + tonumber(size)
if bound > 6 then add_events(id, tonumber(head[2]), 7, bound) end
if #ARGV > bound then call('HSET', run, unpack(ARGV, bound + 1, #ARGV)) end
if is_placed == '1' then
  local now = clock(given)
  move(id, head[3], call('HGET', run, 'status'), now)
  place(id, now)
end
if #ARGV > 6 then call('PUBLISH', channel, '') end
return nil
`);

/** Takes an id. Answers the head, as {@link APPEND} does. */
export const HEAD = defineScript(`
local head = call('HMGET', run_key(ARGV[1]), 'epoch', 'lastSeq', 'status', 'batchAfter', 'claim', 'owner', 'finishedAt')
return head[1] and head or {}
`);

/**
 * Takes `id after limit maxBytes maxPiece`. Answers `oldestSeq lastSeq status …events`, empty if there
 * is no such run.
 */
export const READ = defineScript(`
local id = ARGV[1]
local after, limit, most, piece = unpack(ARGV, 2, 5)
local page = call('HMGET', run_key(id), 'oldestSeq', 'lastSeq', 'status')
if not page[1] then return {} end
after, limit, most, piece = tonumber(after), tonumber(limit), tonumber(most), tonumber(piece)
after = math.max(after, tonumber(page[1]) - 1)
if after >= tonumber(page[2]) then return page end
local bytes, found = 0, 0
while found < limit and bytes < most do
  -- As many as have room if they are as large as those before them.
  local room = bytes == 0 and math.min(piece, 8) or math.ceil((most - bytes) / bytes * found)
  local entries = call('XRANGE', log_key(id), '(' .. whole(after + found), '+', 'COUNT', math.min(room, piece, limit - found))
  if #entries == 0 then break end
  for _, entry in ipairs(entries) do
    local event = entry[2][2]
    if found > 0 and bytes >= most then break end
    bytes = bytes + #event
    found = found + 1
    page[3 + found] = event
  end
end
return page
`);

/** Takes `id before`. */
export const TRIM = defineScript(`
local id = ARGV[1]
local run = run_key(id)
local oldest, last, bytes = unpack(call('HMGET', run, 'oldestSeq', 'lastSeq', 'bytes'))
if not oldest then return end
oldest, last, bytes = tonumber(oldest), tonumber(last), tonumber(bytes)
local before = math.min(tonumber(ARGV[2]), last + 1)
if before <= oldest then return end
local freed = bytes
if before > last then
  call('UNLINK', log_key(id))
  call('ZREM', key('ended-events'), id)
else
  call('XTRIM', log_key(id), 'MINID', '=', whole(before))
  -- As if all were of one size.
  freed = math.floor(bytes * (before - oldest) / (last - oldest + 1))
end
call('HSET', run, 'oldestSeq', whole(before), 'bytes', whole(bytes - freed))
count_bytes(-freed)
`);
