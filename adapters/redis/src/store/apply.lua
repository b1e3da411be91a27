-- Applies the events of one topic like horizon_core::apply_events, each id once. Returns the totals.
-- KEYS: those of `keys::all_of`, then the ids of each day in ARGV.
-- ARGV: the gap between two visits (ms), the retention of ids and of visitors after the last write (s), the position of
-- the batch's first comment, the limit of names of custom events and the name of all further ones, then the arguments
-- of `batch.rs`.
local TOTAL, DAYS, VISITORS, LIKES, COMMENTS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local STATES = { ['0'] = KEYS[6], ['1'] = KEYS[7], ['2'] = KEYS[8] }
local THREADS, REPLIES, SHOWN_REPLIES = KEYS[9], KEYS[10], KEYS[11]
local OTHER_IDS, FIRST_DAY, FIRST_ARGUMENT = KEYS[12], 13, 7
local SHOWN = '1'
-- The start of the fields with the counts of custom events.
local EVENT = 'event:'
-- The parent of a comment that is not a reply, and the stamp of a comment without a verdict.
local NO_PARENT, NO_STAMP = string.rep('\0', 17), string.rep('\0', 24)

local call, sub, pack, unpack = redis.call, string.sub, struct.pack, struct.unpack
local gap, base = tonumber(ARGV[1]), tonumber(ARGV[4])
local delta = { visits = 0, likes = 0, comments = 0, comments_revision = 0, events = false }
local effects = {}
-- The key of the following ids, and the first byte of their time that is stored.
local ids, stored_from
local used_other, saw_visitor = false, false

-- A visit without a visitor.
function effects.h()
  delta.visits = delta.visits + 1
end

-- 26: the visitor.
function effects.v(event)
  local visitor = sub(event, 26, 41)
  local high, low = unpack('>I4I4', event, 2)
  local at = (high - 2147483648) * 4294967296 + low
  local last = tonumber(call('ZSCORE', VISITORS, visitor) or nil)
  if not last or math.abs(at - last) > gap then
    delta.visits = delta.visits + 1
  end
  if not last or at > last then
    call('ZADD', VISITORS, at, visitor)
    saw_visitor = true
  end
end

-- 26: '1' for a like, '0' for an unlike; 27: the reader.
function effects.l(event)
  local like, reader = sub(event, 26, 26) .. sub(event, 2, 25), sub(event, 27, 42)
  local last = call('HGET', LIKES, reader)
  if last and earlier(sub(like, 2), sub(last, 2)) then return end
  call('HSET', LIKES, reader, like)
  local liked, likes = (last and sub(last, 1, 1) == '1'), sub(like, 1, 1) == '1'
  if likes and not liked then delta.likes = delta.likes + 1 end
  if liked and not likes then delta.likes = delta.likes - 1 end
end

-- Updates the visible threads after a comment is shown or hidden.
local function show(id, record, shown)
  local head, top = id, record
  if sub(record, 34, 34) == '1' then
    head = sub(record, 35, 50)
    top = call('HGET', COMMENTS, head)
    local reply = head .. sub(record, 26, 33) .. id
    if shown then call('ZADD', SHOWN_REPLIES, 0, reply) else call('ZREM', SHOWN_REPLIES, reply) end
  end
  local visible = sub(top, 1, 1) == SHOWN
    or #call('ZRANGEBYLEX', SHOWN_REPLIES, '[' .. head, '(' .. head .. '\255', 'LIMIT', 0, 1) > 0
  if visible then call('ZADD', THREADS, unpack('>I8', top, 26), head) else call('ZREM', THREADS, head) end
  delta.comments = delta.comments + (shown and 1 or -1)
  delta.comments_revision = delta.comments_revision + 1
end

-- Returns a position after all comments of the page, in the order of the batch among those of other pages.
local function next_position(number)
  local last = tonumber(call('HGET', TOTAL, 'last_place') or 0)
  local position = math.max(last + 1, base + number)
  call('HSET', TOTAL, 'last_place', position)
  return position
end

-- 26: the state; 27: the number in the batch; 31: '1' for a reply, and its parent; 48: the rest of the record.
function effects.c(event, id)
  if call('HEXISTS', COMMENTS, id) == 1 then return end
  local state, parent = sub(event, 26, 26), NO_PARENT
  if sub(event, 31, 31) == '1' then
    local above = call('HGET', COMMENTS, sub(event, 32, 47))
    if above and sub(above, 34, 34) ~= '1' then parent = sub(event, 31, 47) end
  end
  local position = next_position(unpack('>I4', event, 27))
  local record = state .. NO_STAMP .. pack('>I8', position) .. parent .. sub(event, 48)
  call('HSET', COMMENTS, id, record)
  call('ZADD', STATES[state], position, id)
  if parent ~= NO_PARENT then
    call('ZADD', REPLIES, 0, sub(parent, 2) .. sub(record, 26, 33) .. id)
  end
  if state == SHOWN then show(id, record, true) end
end

-- 26: the verdict; 27: the comment.
function effects.m(event)
  local verdict, stamp, comment = sub(event, 26, 26), sub(event, 2, 25), sub(event, 27, 42)
  local record = call('HGET', COMMENTS, comment)
  if not record or earlier(stamp, sub(record, 2, 25)) then return end
  local state = sub(record, 1, 1)
  record = verdict .. stamp .. sub(record, 26)
  call('HSET', COMMENTS, comment, record)
  if state == verdict then return end
  call('ZREM', STATES[state], comment)
  call('ZADD', STATES[verdict], unpack('>I8', record, 26), comment)
  if state == SHOWN or verdict == SHOWN then show(comment, record, verdict == SHOWN) end
end

-- 26: the name.
function effects.e(event)
  local field = EVENT .. sub(event, 26)
  if call('HEXISTS', TOTAL, field) == 0 then
    local names = tonumber(call('HGET', TOTAL, 'event_names') or 0)
    if names < tonumber(ARGV[5]) then
      call('HSET', TOTAL, 'event_names', names + 1)
    else
      field = EVENT .. ARGV[6]
    end
  end
  call('HINCRBY', TOTAL, field, 1)
  delta.events = true
end

-- 1: the kind; 2: the time; 10: the id, so that 2 to 25 are the stamp.
local function apply(event)
  local id = sub(event, 10, 25)
  if call('HSETNX', ids, id, sub(event, stored_from, 9)) == 0 then return end
  local effect = effects[sub(event, 1, 1)]
  if effect then effect(event, id) end
end

-- `d`, the index of the day's key, and the number of the day.
local function select_day(argument)
  local index, day = string.match(argument, '^d(%d+) (-?%d+)$')
  ids, stored_from = KEYS[FIRST_DAY + index], 6
  call('SADD', DAYS, day)
end

for i = FIRST_ARGUMENT, #ARGV do
  local argument = ARGV[i]
  local kind = sub(argument, 1, 1)
  if kind == 'd' then
    select_day(argument)
  elseif kind == 'o' then
    ids, stored_from, used_other = OTHER_IDS, 2, true
  else
    apply(argument)
  end
end
for i = FIRST_DAY, #KEYS do call('EXPIRE', KEYS[i], ARGV[2]) end
call('EXPIRE', DAYS, ARGV[2])
if used_other then call('EXPIRE', OTHER_IDS, ARGV[2]) end
if saw_visitor then call('EXPIRE', VISITORS, ARGV[3]) end

local changed = delta.events
for _, field in ipairs({ 'visits', 'likes', 'comments', 'comments_revision' }) do
  if delta[field] ~= 0 then
    call('HINCRBY', TOTAL, field, delta[field])
    changed = true
  end
end
if changed then call('HINCRBY', TOTAL, 'revision', 1) end
return call('HGETALL', TOTAL)
