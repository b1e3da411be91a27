-- Drops what every group has acknowledged and consumers that are long gone, and says how the stream stands.
-- KEYS: the stream. ARGV: the group whose events nobody else may drop, and how long in milliseconds a consumer with
-- nothing left to do may be silent.
local function fields(list)
  local map = {}
  for i = 1, #list, 2 do map[list[i]] = list[i + 1] end
  return map
end
local function before(a, b)
  local am, as = string.match(a, '(%d+)-(%d+)')
  local bm, bs = string.match(b, '(%d+)-(%d+)')
  am, as, bm, bs = tonumber(am), tonumber(as), tonumber(bm), tonumber(bs)
  return am < bm or (am == bm and as < bs)
end

local stream = fields(redis.call('XINFO', 'STREAM', KEYS[1]))
local first = stream['recorded-first-entry-id']
local safe, mine
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  group = fields(group)
  local reached = group['last-delivered-id']
  if group['pending'] > 0 then
    reached = redis.call('XPENDING', KEYS[1], group['name'])[2]
  end
  if not safe or before(reached, safe) then safe = reached end
  if group['name'] == ARGV[1] then mine = group end
end
if not mine then
  return redis.error_reply('NOGROUP the group of the accumulators is gone')
end

-- What was added and never handed out, and is not there any more. It can be told where all that is there
-- is not handed out yet; elsewhere the reader tells it once it has read everything.
local lost = 0
local read = mine['entries-read'] or 0
if stream['length'] > 0 and before(mine['last-delivered-id'], first) then
  lost = stream['entries-added'] - read - stream['length']
end
-- One that was deleted by its id, behind what was read; how many more there were nobody knows.
if before(mine['last-delivered-id'], stream['max-deleted-entry-id']) then
  lost = math.max(lost, 1)
end
redis.call('XTRIM', KEYS[1], 'MINID', safe)
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  consumer = fields(consumer)
  if consumer['pending'] == 0 and consumer['idle'] > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
  end
end
-- Without a lag of its own Redis still knows what was added and what was read, but for the deleted.
return { mine['lag'] or math.max(0, stream['entries-added'] - read), mine['pending'], lost }
