-- Writes a batch that Rust has counted, if what it was counted from is still stored. See `commit.rs`.
-- KEYS: the keys, which ARGV names by their numbers. ARGV: the position of the batch's first comment, the limit of the
-- values of a dimension, and the operations, each a letter and its arguments: first the checks, then `!`, then the
-- writes. Returns `changed` if a check failed; or the numbers of the values for which their dimensions have no room;
-- or the totals of the topics that were asked for. Nothing is written in the first two cases.
local SHOWN, OTHER = '1', '(other)'
-- The parent of a comment that is not a reply, and the stamp of a comment without a verdict.
local NO_PARENT, NO_STAMP = string.rep('\0', 17), string.rep('\0', 24)

local call, sub, pack, unpack_bytes = redis.call, string.sub, struct.pack, struct.unpack
local base, max_values = tonumber(ARGV[1]), tonumber(ARGV[2])
local position = 3
local operations, claims, beyond, totals = {}, {}, {}, {}
-- How many new values each dimension still takes on a day.
local rooms = {}
local claim_count, is_changed = 0, false

local function argument()
  position = position + 1
  return ARGV[position - 1]
end

local function number() return tonumber(argument()) end

local function key() return KEYS[number()] end

-- Returns the first and the last position of the next arguments.
local function skip(count)
  position = position + count
  return position - count, position - 1
end

-- Returns the sums of two lists of numbers, without zeros at the end.
local function add(stored, changes)
  local sums, last = {}, 0
  local next_stored, next_change = string.gmatch(stored or '', '%S+'), string.gmatch(changes, '%S+')
  local a, b = next_stored(), next_change()
  while a or b do
    local sum = (a or 0) + (b or 0)
    sums[#sums + 1] = string.format('%.0f', sum)
    if sum ~= 0 then last = #sums end
    a, b = a and next_stored(), b and next_change()
  end
  return table.concat(sums, ' ', 1, last)
end

-- Adds to the lists of numbers in the fields of a hash. The arguments are the fields and then the changes.
local function add_all(hash, stored, first, count)
  local fields = {}
  for i = 1, count do
    fields[2 * i - 1], fields[2 * i] = ARGV[first + i - 1], add(stored[i], ARGV[first + count + i - 1])
  end
  call('HSET', hash, unpack(fields))
end

-- A hash, a length, a count, that many fields, and the first bytes that each value must have: none if it is missing.
operations['='] = function()
  local hash, length, count = key(), number(), number()
  local stored = call('HMGET', hash, unpack(ARGV, skip(count)))
  local first = skip(count)
  for i = 1, count do
    if sub(stored[i] or '', 1, length) ~= ARGV[first + i - 1] then is_changed = true end
  end
end

-- A hash, a count, that many fields: none of them is stored.
operations.n = function()
  local stored = call('HMGET', key(), unpack(ARGV, skip(number())))
  for i = 1, #stored do
    if stored[i] then is_changed = true end
  end
end

-- The values of a dimension on a day: a hash, a count, that many values, and what to add to each.
operations.v = function()
  local hash, count = key(), number()
  local first = skip(2 * count)
  local stored = call('HMGET', hash, unpack(ARGV, first, first + count - 1))
  local room = rooms[hash] or max_values - call('HLEN', hash) + call('HEXISTS', hash, OTHER)
  for i = 1, count do
    if not stored[i] and ARGV[first + i - 1] ~= OTHER then
      room = room - 1
      if room < 0 then beyond[#beyond + 1] = claim_count + i end
    end
  end
  rooms[hash] = room
  claim_count = claim_count + count
  claims[#claims + 1] = { hash, stored, first, count }
end

-- The end of the checks.
operations['!'] = function()
  if is_changed or #beyond > 0 then return end
  for _, claim in ipairs(claims) do add_all(unpack(claim)) end
end

-- The buckets of a topic on a day: a hash, the list of the topic's days, the day, a count, that many fields, and what
-- to add to each.
operations.b = function()
  local hash, days, day, count = key(), key(), argument(), number()
  local first = skip(2 * count)
  if call('EXISTS', hash) == 0 then call('APPEND', days, day) end
  add_all(hash, call('HMGET', hash, unpack(ARGV, first, first + count - 1)), first, count)
end

-- A hash, a count, that many fields with values.
operations.h = function()
  local hash, count = key(), number()
  call('HSET', hash, unpack(ARGV, skip(2 * count)))
end

-- A hash, a field and what to add.
operations['+'] = function() call('HINCRBY', key(), argument(), argument()) end

-- A hash and a field.
operations.d = function() call('HDEL', key(), argument()) end

-- A sorted set and a member.
operations.z = function() call('ZREM', key(), argument()) end

-- A set and a member.
operations.s = function() call('SADD', key(), argument()) end

-- A key and its value.
operations.w = function() call('SET', key(), argument()) end

-- A key and its life in seconds.
operations.x = function() call('EXPIRE', key(), argument()) end

-- The keys of `keys::of_marking`.
operations.u = function() mark_undated(key(), key(), key(), key(), key()) end

-- The key of the totals of a topic.
operations.t = function() totals[#totals + 1] = call('HGETALL', key()) end

-- Updates the visible threads after a comment is shown or hidden.
local function show(page, id, record, shown)
  local head, top = id, record
  if sub(record, 34, 34) == '1' then
    head = sub(record, 35, 50)
    top = call('HGET', page.comments, head)
    local reply = head .. sub(record, 26, 33) .. id
    if shown then
      call('ZADD', page.shown_replies, 0, reply)
    else
      call('ZREM', page.shown_replies, reply)
    end
  end
  local visible = sub(top, 1, 1) == SHOWN
    or #call('ZRANGEBYLEX', page.shown_replies, '[' .. head, '(' .. head .. '\255', 'LIMIT', 0, 1) > 0
  if visible then
    call('ZADD', page.threads, unpack_bytes('>I8', top, 26), head)
  else
    call('ZREM', page.threads, head)
  end
end

-- Reads the keys of `keys::of_comments`.
local function comment_keys()
  return {
    total = key(),
    comments = key(),
    ['0'] = key(),
    ['1'] = key(),
    ['2'] = key(),
    threads = key(),
    replies = key(),
    shown_replies = key(),
  }
end

-- Returns a position after all comments of the page, in the order of the batch among those of other pages.
local function next_position(page, number_in_batch)
  local last = tonumber(call('HGET', page.total, 'last_place') or 0)
  local next = math.max(last + 1, base + number_in_batch)
  call('HSET', page.total, 'last_place', next)
  return next
end

-- A new comment: the keys, the number in the batch, the id, the state, the parent and the rest of the record.
operations.c = function()
  local page = comment_keys()
  local place, id, state, parent = next_position(page, number()), argument(), argument(), argument()
  local record = state .. NO_STAMP .. pack('>I8', place) .. parent .. argument()
  call('HSET', page.comments, id, record)
  call('ZADD', page[state], place, id)
  if parent ~= NO_PARENT then
    call('ZADD', page.replies, 0, sub(parent, 2) .. sub(record, 26, 33) .. id)
  end
  if state == SHOWN then show(page, id, record, true) end
end

-- A verdict: the keys, the comment, the verdict and its stamp.
operations.m = function()
  local page = comment_keys()
  local id, verdict, stamp = argument(), argument(), argument()
  local record = call('HGET', page.comments, id)
  local state = sub(record, 1, 1)
  record = verdict .. stamp .. sub(record, 26)
  call('HSET', page.comments, id, record)
  if state == verdict then return end
  call('ZREM', page[state], id)
  call('ZADD', page[verdict], unpack_bytes('>I8', record, 26), id)
  if state == SHOWN or verdict == SHOWN then show(page, id, record, verdict == SHOWN) end
end

while position <= #ARGV do
  operations[argument()]()
  if is_changed then return 'changed' end
  if #beyond > 0 and ARGV[position] == '!' then return beyond end
end
return { totals }
