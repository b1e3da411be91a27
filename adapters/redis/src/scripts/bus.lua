-- Says how the stream of events stands, and finds what was lost from it: the stream is gone, or older than what was
-- seen of it before, or events were removed unread. Each loss is counted by the first call that finds it.
-- KEYS: the stream, and the hash that remembers how the stream stood.
-- ARGV: the job (`look`; `open` also makes the group; `keep` also trims), the group, an id for a stream that is new,
-- then what the caller saw last: the stream's id (empty before the first call), the number of events lost so far,
-- events added, events that wait, and the last entry's id. At the end the silence in milliseconds after which `keep`
-- forgets a consumer without work.
local stream, marker = KEYS[1], KEYS[2]
local job, group, fresh = ARGV[1], ARGV[2], ARGV[3]
-- The most entries that one call counts, in entries.
local MOST_COUNTED = 10000
local seen = { id = ARGV[4], last = ARGV[8] }
seen.lost, seen.added, seen.waiting = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

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

-- How the stream stands.
-- A script that has written is not refused for lack of memory, and this deletes nothing: a full Redis can be drained.
redis.pcall('HDEL', marker, '')
local now = { length = 0, added = 0, last = '0-0', deleted = '0-0', exists = redis.call('EXISTS', stream) == 1 }
local mine, groups = nil, {}
local function find_groups()
  groups = redis.call('XINFO', 'GROUPS', stream)
  for i, one in ipairs(groups) do
    groups[i] = fields(one)
    if groups[i]['name'] == group then mine = groups[i] end
  end
end
if now.exists then
  local info = fields(redis.call('XINFO', 'STREAM', stream))
  now.length, now.last = info['length'], info['last-generated-id']
  now.added, now.deleted = info['entries-added'] or 0, info['max-deleted-entry-id'] or '0-0'
  now.counts_reads = info['entries-added'] ~= nil
  now.first = info['first-entry'] and info['first-entry'][1]
  now.newest = info['last-entry'] and info['last-entry'][1]
  find_groups()
end

-- Returns how many entries the group has not been handed, or nil where counting them would take too long.
local function count_unread()
  local delivered = mine['last-delivered-id']
  if not now.newest or not before(delivered, now.newest) then return 0 end
  if before(delivered, now.first) then return now.length end
  local read = #redis.call('XRANGE', stream, '-', delivered, 'COUNT', MOST_COUNTED)
  if read == MOST_COUNTED then return nil end
  return now.length - read
end

-- What is remembered of it.
local kept = fields(redis.call('HGETALL', marker))
local is_new = kept['id'] == nil
for _, name in ipairs({ 'lost', 'added', 'waiting', 'group', 'counted' }) do
  kept[name] = math.max(0, tonumber(kept[name] or 0) or 0)
end
-- Minus one where it is not known.
for _, name in ipairs({ 'read', 'stored' }) do kept[name] = tonumber(kept[name] or -1) or -1 end
for name, empty in pairs({ id = fresh, last = '0-0', delivered = '0-0', oldest = '', deleted = '0-0', from = '' }) do
  kept[name] = kept[name] or empty
end

-- Whether it is the stream that is remembered. Without its group nobody trims it, so the oldest entry is still there;
-- where it is not, and no entry is missing, the stream was made anew.
local function is_another()
  if now.added < kept.added or before(now.last, kept.last) then return true end
  if seen.id == kept.id and (now.added < seen.added or before(now.last, seen.last)) then return true end
  if mine or kept.oldest == '' or now.added ~= now.length then return false end
  return #redis.call('XRANGE', stream, kept.oldest, kept.oldest) == 0
end

local claimed = 0
if is_new then
  -- Whoever saw it before knows that more is gone than the stream.
  if seen.id ~= '' then claimed = math.max(1, seen.waiting) end
  kept.lost, kept.counted, kept.from = seen.lost + claimed, claimed, seen.id
elseif is_another() then
  claimed = kept.waiting
  if seen.id == kept.id then
    claimed = math.max(claimed, seen.waiting)
    -- All of Redis went back to an older state.
    if seen.added > kept.added then claimed = math.max(claimed, seen.added - now.added) end
  end
  kept.counted, kept.from, kept.id, kept.lost = claimed, kept.id, fresh, kept.lost + claimed
  -- Where stream and hash went back together, what the hash says of the group is still right.
  if now.added < kept.added or before(now.last, kept.last) or not mine then
    kept.group, kept.deleted, kept.delivered, kept.read = 0, '0-0', '0-0', -1
  end
elseif seen.id ~= '' and seen.id == kept.from and seen.waiting > kept.counted then
  -- Another found it first, and knew of fewer events.
  claimed = seen.waiting - kept.counted
  kept.counted, kept.lost = seen.waiting, kept.lost + claimed
end

-- A group that was destroyed is made again; what it had not acknowledged is still in the stream.
local remade = 0
if job == 'open' and not mine then
  if kept.group == 1 and now.exists then
    remade = 1
    redis.call('XGROUP', 'CREATE', stream, group, '0', 'ENTRIESREAD', now.added - now.length)
    kept.read = now.added - now.length
  else
    redis.call('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM')
    kept.read = 0
  end
  kept.delivered = '0-0'
  find_groups()
end
if job == 'keep' and not mine then
  return redis.error_reply('NOGROUP the group of the accumulators is gone')
end

local unread, pending, delivered, oldest_pending = now.length, 0, '0-0', ''
if mine then
  kept.group, pending, delivered = 1, mine['pending'], mine['last-delivered-id']
  if pending > 0 then oldest_pending = redis.call('XPENDING', stream, group)[2] end
  local read = mine['entries-read']
  if not read and delivered == '0-0' then read = 0 end
  unread = math.min(now.length, math.max(0, mine['lag'] or now.added - (read or 0)))

  -- A restart and a promoted replica know what was handed out, but not how many that were: Redis 7 puts the counter
  -- of XREADGROUP neither into its log nor into the link to its replicas. Somebody may have set the group back, too.
  -- What is there is counted then, and nothing is taken for lost. Only who reads remembers the counter: every reader
  -- looks before it reads.
  local is_stale = not read or kept.read < 0 or read < kept.read or before(delivered, kept.delivered)
    or (read == kept.read and before(kept.delivered, delivered))
  if is_stale and now.counts_reads then
    local counted = count_unread()
    unread, read = counted or now.length, counted and now.added - counted
  end

  -- What was added, never handed out, and is not there any more. The group is told, so that it counts once.
  if job == 'keep' and read and not is_stale then
    local gone = 0
    if not now.newest or not before(delivered, now.newest) then
      gone = now.added - read
    elseif before(delivered, now.first) then
      gone = now.added - read - now.length
    end
    if gone > 0 then
      claimed, kept.lost, unread = claimed + gone, kept.lost + gone, math.max(0, unread - gone)
      kept.deleted, read = now.deleted, read + gone
    end
  end
  if job ~= 'look' and now.counts_reads then
    if not read then
      redis.call('XGROUP', 'SETID', stream, group, delivered)
    elseif is_stale or read ~= kept.stored then
      redis.call('XGROUP', 'SETID', stream, group, delivered, 'ENTRIESREAD', read)
    end
    kept.read, kept.stored, kept.delivered = read or -1, read or -1, delivered
  end
  -- One that was deleted by its id, in front of what was read; how many more there were nobody knows.
  if job == 'keep' and before(delivered, now.deleted) and before(kept.deleted, now.deleted) then
    claimed, kept.lost = claimed + 1, kept.lost + 1
  end
  if job == 'keep' then kept.deleted = now.deleted end
end

if job == 'keep' then
  -- What every group has acknowledged.
  local safe
  for _, one in ipairs(groups) do
    local reached = one['last-delivered-id']
    if one['pending'] > 0 then reached = redis.call('XPENDING', stream, one['name'])[2] end
    if not safe or before(reached, safe) then safe = reached end
  end
  redis.call('XTRIM', stream, 'MINID', safe)
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
    consumer = fields(consumer)
    if consumer['pending'] == 0 and consumer['idle'] > tonumber(ARGV[9]) then
      redis.call('XGROUP', 'DELCONSUMER', stream, group, consumer['name'])
    end
  end
end

kept.added, kept.last, kept.waiting, kept.oldest = now.added, now.last, unread + pending, ''
if now.exists then
  local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  kept.oldest = oldest and oldest[1] or ''
end
local before_it, changed = fields(redis.call('HGETALL', marker)), {}
for name, value in pairs(kept) do
  value = type(value) == 'number' and string.format('%.0f', value) or value
  if before_it[name] ~= value then
    changed[#changed + 1] = name
    changed[#changed + 1] = value
  end
end
if #changed > 0 then redis.call('HSET', marker, unpack(changed)) end
return { kept.id, kept.lost, claimed, kept.added, unread, pending, kept.last, delivered, oldest_pending, remade }
