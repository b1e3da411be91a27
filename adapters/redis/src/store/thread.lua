-- Returns a visible thread with its replies after a comment, or nothing if no visible thread has this head.
-- ARGV after those of read_comments.lua: the head, the number of replies plus one, and optionally the comment.
local head, after = ARGV[3], ARGV[5]
if not redis.call('ZSCORE', KEYS[1], head) then return false end
local from = '[' .. head
if after then
  local known = redis.call('HGET', KEYS[2], after)
  if not known then return { record(head), {} } end
  from = '(' .. head .. string.sub(known, 26, 33) .. after
end
return { record(head), read_replies(head, from, ARGV[4]) }
