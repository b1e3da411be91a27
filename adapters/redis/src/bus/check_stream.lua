-- Returns the state of the event stream, and detects lost events: the stream was deleted, is older than before, or
-- events were removed unread. Each loss is counted by the first call that finds it.
-- KEYS: the stream, the hash with the last known state of the stream.
-- RETURNS: the stream's id, all lost events, those that this call found, those that are new to the caller, and whether
-- that number is `exact`, an upper bound (`at most`), or a one for a Redis that was `emptied` while nothing is known to
-- have waited; then events added, unread and pending, the ids of the last, the last delivered and the oldest pending
-- entry, and whether the group was created again.
-- ARGV: the job (`look`; `open` also creates the group; `keep` also trims), the group, an id for a new stream, then the
-- state that the caller saw last: the stream's id (empty before the first call), events lost, events added, events
-- waiting, and the last entry's id. At the end the silence in milliseconds after which `keep` removes an idle consumer.
local stream, marker = KEYS[1], KEYS[2]
local job, group, fresh = ARGV[1], ARGV[2], ARGV[3]
-- The most entries that one call counts.
local MOST_COUNTED = 10000
-- The bytes of the ids of former streams: 16 ids.
local FORMER_BYTES = 16 * 17
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

-- The current state.
-- Redis does not reject the later writes of a script for lack of memory, so start with a write that changes nothing: a
-- full Redis can be drained.
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

-- Returns how many entries were not delivered to the group, or nil if counting them takes too long.
local function count_unread()
  local delivered = mine['last-delivered-id']
  if not now.newest or not before(delivered, now.newest) then return 0 end
  if before(delivered, now.first) then return now.length end
  local read = #redis.call('XRANGE', stream, '-', delivered, 'COUNT', MOST_COUNTED)
  if read == MOST_COUNTED then return nil end
  return now.length - read
end

-- The last known state.
local kept = fields(redis.call('HGETALL', marker))
local is_new = kept['id'] == nil
for _, name in ipairs({ 'lost', 'added', 'waiting', 'group', 'counted', 'nominal' }) do
  kept[name] = math.max(0, tonumber(kept[name] or 0) or 0)
end
-- Minus one if unknown. `floor` and `left`: events added and waiting when Redis went back to an older state.
for _, name in ipairs({ 'read', 'stored', 'base', 'floor', 'left' }) do
  kept[name] = tonumber(kept[name] or -1) or -1
end
local EMPTY = {
  id = fresh, last = '0-0', delivered = '0-0', oldest = '', deleted = '0-0', from = '', former = ''
}
for name, empty in pairs(EMPTY) do
  kept[name] = kept[name] or empty
end

-- Returns whether the stream is older than this state.
local function is_behind(what) return now.added < what.added or before(now.last, what.last) end

-- Returns whether the stream is not the last known one. Without its group it is not trimmed, so its oldest entry must
-- be there; if it is not, and no entry is missing, the stream was created again.
local function is_another()
  if is_behind(kept) then return true end
  if mine or kept.oldest == '' or now.added ~= now.length then return false end
  return #redis.call('XRANGE', stream, kept.oldest, kept.oldest) == 0
end

local claimed = 0
local function claim(events)
  claimed, kept.lost = claimed + events, kept.lost + events
end

-- Returns an upper bound of the caller's events that are lost. If Redis went back to an older state, the events that
-- wait in it are not lost.
local function known_lost()
  if kept.floor < 0 then return seen.waiting end
  return math.max(math.min(seen.added - kept.floor, seen.waiting), seen.waiting - kept.left)
end

-- Counts the loss that ended the stream of this id: `known` events, at least `least`.
local turned = false
local function turn(from, known, least)
  turned = true
  kept.base, kept.from, kept.former = kept.lost, from, string.sub(from .. ' ' .. kept.former, 1, FORMER_BYTES)
  -- No event is known to have waited, but the stream is gone.
  kept.nominal = known < least and 1 or 0
  kept.counted = math.max(least, known)
  claim(kept.counted)
end

if is_new then
  kept.lost, kept.floor = seen.lost, -1
  -- The caller has seen a stream, so the hash is lost, too.
  if seen.id ~= '' then turn(seen.id, seen.waiting, 1) end
elseif is_another() then
  kept.floor = -1
  turn(kept.id, math.max(kept.waiting, seen.id == kept.id and seen.waiting or 0), 0)
  kept.id, kept.group, kept.deleted, kept.delivered, kept.read = fresh, 0, '0-0', '0-0', -1
elseif seen.id == kept.id and is_behind(seen) then
  -- Stream and hash went back together, so the hash is right about the group.
  kept.floor, kept.left = now.added, now.length
  if mine then kept.left = mine['pending'] + (count_unread() or now.length) end
  turn(kept.id, known_lost(), 1)
  kept.id = fresh
elseif seen.id ~= '' and seen.id == kept.from then
  -- Another caller found this loss first, and may have known of fewer events.
  local more = known_lost() - kept.counted
  if more > 0 then
    kept.counted, kept.nominal = kept.counted + more, 0
    claim(more)
  end
elseif seen.id ~= '' and seen.id ~= kept.id and not string.find(kept.former, seen.id, 1, true) then
  -- Redis was emptied, or went back so far that it does not know the caller's stream, and a caller without a last state
  -- came first.
  kept.floor = -1
  turn(seen.id, seen.waiting, 1)
end

-- Create a destroyed group again; events that it had not acknowledged are still in the stream.
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
  return redis.error_reply('NOGROUP the consumer group of the accumulators does not exist')
end

local unread, pending, delivered, oldest_pending = now.length, 0, '0-0', ''
if mine then
  kept.group, pending, delivered = 1, mine['pending'], mine['last-delivered-id']
  if pending > 0 then oldest_pending = redis.call('XPENDING', stream, group)[2] end
  local read = mine['entries-read']
  if not read and delivered == '0-0' then read = 0 end
  unread = math.min(now.length, math.max(0, mine['lag'] or now.added - (read or 0)))

  -- After a restart or on a promoted replica the last delivered id is right, but the number of delivered entries is
  -- not: Redis 7 writes this counter of XREADGROUP neither to its log nor to its replicas. An operator may have moved
  -- the group back, too. Then count the entries and report no loss. Only readers store the counter: every reader
  -- checks the stream before it reads.
  local is_stale = not read or kept.read < 0 or read < kept.read or before(delivered, kept.delivered)
    or (read == kept.read and before(kept.delivered, delivered))
  if is_stale and now.counts_reads then
    local counted = count_unread()
    unread, read = counted or now.length, counted and now.added - counted
  end

  -- Events that were added, not delivered, and are gone. The counter of the group is moved, so that they count once.
  if job == 'keep' and read and not is_stale then
    local gone = 0
    if not now.newest or not before(delivered, now.newest) then
      gone = now.added - read
    elseif before(delivered, now.first) then
      gone = now.added - read - now.length
    end
    if gone > 0 then
      claim(gone)
      unread, kept.deleted, read = math.max(0, unread - gone), now.deleted, read + gone
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
  -- An undelivered entry was deleted by its id. Count one; there may have been more.
  if job == 'keep' and before(delivered, now.deleted) and before(kept.deleted, now.deleted) then
    claim(1)
  end
  if job == 'keep' then kept.deleted = now.deleted end
end

if job == 'keep' then
  -- Trim what every group has acknowledged.
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

-- The loss that is new to the caller, and whether the number is exact.
local news, kind = kept.lost - seen.lost, 'exact'
if seen.id == '' then
  news = claimed
elseif seen.id ~= kept.id then
  turned, news = true, kept.lost - (kept.base < 0 and seen.lost or math.min(kept.base, seen.lost))
end
if turned then kind = kept.nominal == 1 and news == 1 and 'emptied' or 'at most' end
return {
  kept.id, kept.lost, claimed, math.max(claimed, news), kind, kept.added, unread, pending, kept.last, delivered,
  oldest_pending, remade
}
