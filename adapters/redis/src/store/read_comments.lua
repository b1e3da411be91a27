-- Reads comments of a page until a number of bytes is reached.
-- KEYS: the threads, the comments, the shown replies.
-- ARGV: the maximum number of bytes, and the bytes that a comment counts in addition to its texts.
-- The first comment that does not fit is read too, so that the caller sees that there are more.
local COMMENT_BYTES, left = tonumber(ARGV[2]), tonumber(ARGV[1])
-- The length of a record before the author's name and the text.
local HEADER = 76

local function record(id)
  return { id, redis.call('HGET', KEYS[2], id) or '' }
end

local function read(id)
  local found = record(id)
  -- The caller drops the texts of a head that is not shown.
  local text = string.sub(found[2], 1, 1) == '1' and #found[2] - HEADER or 0
  left = left - text - COMMENT_BYTES
  return found
end

-- Returns the shown replies from a member of the sorted set, with `(` or `[` before it.
local function read_replies(head, from, most)
  local replies = {}
  for _, reply in ipairs(redis.call('ZRANGEBYLEX', KEYS[3], from, '(' .. head .. '\255', 'LIMIT', 0, most)) do
    if left < 0 then break end
    replies[#replies + 1] = read(string.sub(reply, 25))
  end
  return replies
end
