-- Reads comments for a page until it is full.
-- KEYS: the threads, the comments, the shown replies. ARGV: the most bytes of a page, and how many of them a comment counts
-- besides its texts. A comment that does not fit is read too, so that the caller sees that more follow.
local COMMENT_BYTES, left = tonumber(ARGV[2]), tonumber(ARGV[1])
-- What a record has before the author's name and the text.
local HEADER = 76

local function record(id)
  return { id, redis.call('HGET', KEYS[2], id) or '' }
end

local function read(id)
  local found = record(id)
  -- A head that is not shown loses its texts.
  local text = string.sub(found[2], 1, 1) == '1' and #found[2] - HEADER or 0
  left = left - text - COMMENT_BYTES
  return found
end

-- The shown replies behind a name of the sorted set, `(` or `[` before it.
local function read_replies(head, from, most)
  local replies = {}
  for _, reply in ipairs(redis.call('ZRANGEBYLEX', KEYS[3], from, '(' .. head .. '\255', 'LIMIT', 0, most)) do
    if left < 0 then break end
    replies[#replies + 1] = read(string.sub(reply, 25))
  end
  return replies
end
