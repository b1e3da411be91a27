-- Returns the state of the event stream, and detects lost events: the stream was deleted, is older than before, or
-- events were removed unread. Each loss is counted by the first call that finds it.
-- KEYS: the stream, the hash with the last known state of the stream.
-- RETURNS:
--   1. the id of the stream
--   2. all lost events so far
--   3. the losses that this call found
--   4. the losses that are new to the caller
--   5. what the fourth number is: `exact`, an upper bound (`at most`), or 1 because Redis was `emptied`, although no
--      event is known to have been queued
--   6. the events added so far, 7. unread, 8. pending
--   9. the ids of the last entry, 10. of the last delivered one, 11. of the oldest pending one
--   12. whether the group was created again
-- ARGV:
--   1. the job: `look`; `open` also creates the group; `maintain` also trims
--   2. the group
--   3. an id for a new stream
--   4. the state that the caller saw last: the id of the stream (empty before the first call), 5. lost events,
--      6. added events, 7. waiting events, 8. the id of the last entry
--   9. for `maintain`: it removes a consumer that is idle for this long, in milliseconds
local stream, marker = KEYS[1], KEYS[2]
local job, group, fresh = ARGV[1], ARGV[2], ARGV[3]
-- The maximum number of entries that one call counts.
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
local our_group, groups = nil, {}
local function find_groups()
  groups = redis.call('XINFO', 'GROUPS', stream)
  for i, one in ipairs(groups) do
    groups[i] = fields(one)
    if groups[i]['name'] == group then our_group = groups[i] end
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
  local delivered = our_group['last-delivered-id']
  if not now.newest or not before(delivered, now.newest) then return 0 end
  if before(delivered, now.first) then return now.length end
  local read = #redis.call('XRANGE', stream, '-', delivered, 'COUNT', MOST_COUNTED)
  if read == MOST_COUNTED then return nil end
  return now.length - read
end

-- The last known state.
local last_known = fields(redis.call('HGETALL', marker))
local is_new = last_known['id'] == nil
for _, name in ipairs({ 'lost', 'added', 'waiting', 'group', 'counted', 'nominal' }) do
  last_known[name] = math.max(0, tonumber(last_known[name] or 0) or 0)
end
-- Minus one if unknown. `floor` and `left`: events added and queued when Redis went back to an older state.
for _, name in ipairs({ 'read', 'stored', 'base', 'floor', 'left' }) do
  last_known[name] = tonumber(last_known[name] or -1) or -1
end
local EMPTY = {
  id = fresh, last = '0-0', delivered = '0-0', oldest = '', deleted = '0-0', from = '', former = ''
}
for name, empty in pairs(EMPTY) do
  last_known[name] = last_known[name] or empty
end

-- Returns whether the stream is older than this state.
local function is_behind(what) return now.added < what.added or before(now.last, what.last) end

-- Returns whether the stream is not the last known one. Without its group it is not trimmed, so its oldest entry must
-- be there; if it is not, and no entry is missing, the stream was created again.
local function is_another()
  if is_behind(last_known) then return true end
  if our_group or last_known.oldest == '' or now.added ~= now.length then return false end
  return #redis.call('XRANGE', stream, last_known.oldest, last_known.oldest) == 0
end

local losses_found = 0
local function add_loss(events)
  losses_found, last_known.lost = losses_found + events, last_known.lost + events
end

-- Returns an upper bound of the caller's events that are lost. If Redis went back to an older state, the events that
-- are queued in it are not lost.
local function known_lost()
  if last_known.floor < 0 then return seen.waiting end
  return math.max(math.min(seen.added - last_known.floor, seen.waiting), seen.waiting - last_known.left)
end

-- Counts the events that were lost with the stream of this id: `known` events, and at least `least`.
local is_replaced = false
local function record_replaced_stream(from, known, least)
  is_replaced = true
  last_known.base, last_known.from = last_known.lost, from
  last_known.former = string.sub(from .. ' ' .. last_known.former, 1, FORMER_BYTES)
  -- No event is known to have been queued, but the stream is gone.
  last_known.nominal = known < least and 1 or 0
  last_known.counted = math.max(least, known)
  add_loss(last_known.counted)
end

if is_new then
  last_known.lost, last_known.floor = seen.lost, -1
  -- The caller has seen a stream, so the hash is lost, too.
  if seen.id ~= '' then record_replaced_stream(seen.id, seen.waiting, 1) end
elseif is_another() then
  last_known.floor = -1
  record_replaced_stream(last_known.id, math.max(last_known.waiting, seen.id == last_known.id and seen.waiting or 0), 0)
  last_known.id, last_known.group, last_known.read = fresh, 0, -1
  last_known.deleted, last_known.delivered = '0-0', '0-0'
elseif seen.id == last_known.id and is_behind(seen) then
  -- Stream and hash went back together, so the hash is right about the group.
  last_known.floor, last_known.left = now.added, now.length
  if our_group then last_known.left = our_group['pending'] + (count_unread() or now.length) end
  record_replaced_stream(last_known.id, known_lost(), 1)
  last_known.id = fresh
elseif seen.id ~= '' and seen.id == last_known.from then
  -- Another caller found this loss first, and may have known of fewer events.
  local more = known_lost() - last_known.counted
  if more > 0 then
    last_known.counted, last_known.nominal = last_known.counted + more, 0
    add_loss(more)
  end
elseif seen.id ~= '' and seen.id ~= last_known.id and not string.find(last_known.former, seen.id, 1, true) then
  -- Redis was emptied, or went back so far that it does not know the caller's stream, and a caller without a last state
  -- came first.
  last_known.floor = -1
  record_replaced_stream(seen.id, seen.waiting, 1)
end

-- Create a destroyed group again; events that it had not acknowledged are still in the stream.
local group_recreated = 0
if job == 'open' and not our_group then
  if last_known.group == 1 and now.exists then
    group_recreated = 1
    redis.call('XGROUP', 'CREATE', stream, group, '0', 'ENTRIESREAD', now.added - now.length)
    last_known.read = now.added - now.length
  else
    redis.call('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM')
    last_known.read = 0
  end
  last_known.delivered = '0-0'
  find_groups()
end
if job == 'maintain' and not our_group then
  return redis.error_reply('NOGROUP the consumer group of the accumulators does not exist')
end

local unread, pending, delivered, oldest_pending = now.length, 0, '0-0', ''
if our_group then
  last_known.group, pending, delivered = 1, our_group['pending'], our_group['last-delivered-id']
  if pending > 0 then oldest_pending = redis.call('XPENDING', stream, group)[2] end
  local read = our_group['entries-read']
  if not read and delivered == '0-0' then read = 0 end
  unread = math.min(now.length, math.max(0, our_group['lag'] or now.added - (read or 0)))

  -- After a restart or on a promoted replica the last delivered id is right, but the number of delivered entries is
  -- not: Redis 7 writes this counter of XREADGROUP neither to its log nor to its replicas. An operator may have moved
  -- the group back, too. Then count the entries and report no loss. Only readers store the counter: every reader
  -- checks the stream before it reads.
  local is_stale = not read or last_known.read < 0 or read < last_known.read or before(delivered, last_known.delivered)
    or (read == last_known.read and before(last_known.delivered, delivered))
  if is_stale and now.counts_reads then
    local counted = count_unread()
    unread, read = counted or now.length, counted and now.added - counted
  end

  -- Events that were added, not delivered, and are gone. The counter of the group is moved, so that they count once.
  if job == 'maintain' and read and not is_stale then
    local gone = 0
    if not now.newest or not before(delivered, now.newest) then
      gone = now.added - read
    elseif before(delivered, now.first) then
      gone = now.added - read - now.length
    end
    if gone > 0 then
      add_loss(gone)
      unread, last_known.deleted, read = math.max(0, unread - gone), now.deleted, read + gone
    end
  end
  if job ~= 'look' and now.counts_reads then
    if not read then
      redis.call('XGROUP', 'SETID', stream, group, delivered)
    elseif is_stale or read ~= last_known.stored then
      redis.call('XGROUP', 'SETID', stream, group, delivered, 'ENTRIESREAD', read)
    end
    last_known.read, last_known.stored, last_known.delivered = read or -1, read or -1, delivered
  end
  -- An undelivered entry was deleted by its id. Count one; there may have been more.
  if job == 'maintain' and before(delivered, now.deleted) and before(last_known.deleted, now.deleted) then
    add_loss(1)
  end
  if job == 'maintain' then last_known.deleted = now.deleted end
end

if job == 'maintain' then
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

last_known.added, last_known.last, last_known.waiting, last_known.oldest = now.added, now.last, unread + pending, ''
if now.exists then
  local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  last_known.oldest = oldest and oldest[1] or ''
end
local stored, changed = fields(redis.call('HGETALL', marker)), {}
for name, value in pairs(last_known) do
  value = type(value) == 'number' and string.format('%.0f', value) or value
  if stored[name] ~= value then
    changed[#changed + 1] = name
    changed[#changed + 1] = value
  end
end
if #changed > 0 then redis.call('HSET', marker, unpack(changed)) end

-- The loss that is new to the caller, and whether the number is exact.
local new_losses, kind = last_known.lost - seen.lost, 'exact'
if seen.id == '' then
  new_losses = losses_found
elseif seen.id ~= last_known.id then
  is_replaced = true
  new_losses = last_known.lost - (last_known.base < 0 and seen.lost or math.min(last_known.base, seen.lost))
end
if is_replaced then kind = last_known.nominal == 1 and new_losses == 1 and 'emptied' or 'at most' end
return {
  last_known.id, last_known.lost, losses_found, math.max(losses_found, new_losses), kind, last_known.added, unread,
  pending, last_known.last, delivered, oldest_pending, group_recreated
}
