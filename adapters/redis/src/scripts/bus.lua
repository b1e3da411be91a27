-- Says how the stream of events stands, and finds what was lost from it: the stream is gone, or older than what was
-- seen of it before, or events were removed unread. Each loss is counted by the first call that finds it.
-- KEYS: the stream, and the hash that remembers how the stream stood.
-- RETURNS: the stream's id, all lost events, those that this call found, those that the caller had not heard of, and
-- whether that is `exact`, an upper bound (`at most`), or one for a Redis that was `emptied` while nothing is known to
-- have waited; then events added, unread and pending, the last entry's id, the last that was handed out, the oldest
-- pending one, and whether the group was made again.
-- ARGV: the job (`look`; `open` also makes the group; `keep` also trims), the group, an id for a stream that is new,
-- then what the caller saw last: the stream's id (empty before the first call), the number of events lost so far,
-- events added, events that wait, and the last entry's id. At the end the silence in milliseconds after which `keep`
-- forgets a consumer without work.
local stream, marker = KEYS[1], KEYS[2]
local job, group, fresh = ARGV[1], ARGV[2], ARGV[3]
-- The most entries that one call counts, in entries.
local MOST_COUNTED = 10000
-- How much is remembered of the ids of streams that were there before, in bytes: 16 ids.
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
for _, name in ipairs({ 'lost', 'added', 'waiting', 'group', 'counted', 'nominal' }) do
  kept[name] = math.max(0, tonumber(kept[name] or 0) or 0)
end
-- Minus one where it is not known. The last two: events added and events waiting when Redis went back.
for _, name in ipairs({ 'read', 'stored', 'base', 'floor', 'left' }) do kept[name] = tonumber(kept[name] or -1) or -1 end
for name, empty in pairs({ id = fresh, last = '0-0', delivered = '0-0', oldest = '', deleted = '0-0', from = '', former = '' }) do
  kept[name] = kept[name] or empty
end

-- Whether stream or hash are older than this.
local function is_behind(what) return now.added < what.added or before(now.last, what.last) end

-- Whether it is another stream than the one that is remembered. Without its group nobody trims it, so the oldest entry
-- is still there; where it is not, and no entry is missing, the stream was made anew.
local function is_another()
  if is_behind(kept) then return true end
  if mine or kept.oldest == '' or now.added ~= now.length then return false end
  return #redis.call('XRANGE', stream, kept.oldest, kept.oldest) == 0
end

local claimed = 0
local function claim(events)
  claimed, kept.lost = claimed + events, kept.lost + events
end

-- Returns how many of the events that the caller knows of are gone at most. Where Redis went back to an older state,
-- what still waits in it is not gone.
local function known_lost()
  if kept.floor < 0 then return seen.waiting end
  return math.max(math.min(seen.added - kept.floor, seen.waiting), seen.waiting - kept.left)
end

-- Claims a loss that ends the stream of this id: `known` events, at least `least`.
local turned = false
local function turn(from, known, least)
  turned = true
  kept.base, kept.from, kept.former = kept.lost, from, string.sub(from .. ' ' .. kept.former, 1, FORMER_BYTES)
  -- Nothing is known to have waited, but that something is gone is.
  kept.nominal = known < least and 1 or 0
  kept.counted = math.max(least, known)
  claim(kept.counted)
end

if is_new then
  kept.lost, kept.floor = seen.lost, -1
  -- Whoever saw it before knows that more is gone than the stream.
  if seen.id ~= '' then turn(seen.id, seen.waiting, 1) end
elseif is_another() then
  kept.floor = -1
  turn(kept.id, math.max(kept.waiting, seen.id == kept.id and seen.waiting or 0), 0)
  kept.id, kept.group, kept.deleted, kept.delivered, kept.read = fresh, 0, '0-0', '0-0', -1
elseif seen.id == kept.id and is_behind(seen) then
  -- Stream and hash went back together, so what the hash says of the group is right.
  kept.floor, kept.left = now.added, now.length
  if mine then kept.left = mine['pending'] + (count_unread() or now.length) end
  turn(kept.id, known_lost(), 1)
  kept.id = fresh
elseif seen.id ~= '' and seen.id == kept.from then
  -- Another found it first, and may have known of fewer events.
  local more = known_lost() - kept.counted
  if more > 0 then
    kept.counted, kept.nominal = kept.counted + more, 0
    claim(more)
  end
elseif seen.id ~= '' and seen.id ~= kept.id and not string.find(kept.former, seen.id, 1, true) then
  -- Redis was emptied or went back so far that it does not know the caller's stream, and one that had seen nothing
  -- came first.
  kept.floor = -1
  turn(seen.id, seen.waiting, 1)
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
  -- One that was deleted by its id, in front of what was read; how many more there were nobody knows.
  if job == 'keep' and before(delivered, now.deleted) and before(kept.deleted, now.deleted) then
    claim(1)
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

-- What of it is news to the caller, and whether the number is exact.
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
