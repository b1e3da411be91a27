-- A thread that shows, with replies that came after one of them; nothing if there is none with this head.
-- ARGV after those of page.lua: the head, one more than how many replies, and, if not all of them, after which comment.
local head, after = ARGV[3], ARGV[5]
if not redis.call('ZSCORE', KEYS[1], head) then return false end
local from = '[' .. head
if after then
  local known = redis.call('HGET', KEYS[2], after)
  if not known then return { record(head), {} } end
  from = '(' .. head .. string.sub(known, 26, 33) .. after
end
return { record(head), read_replies(head, from, ARGV[4]) }
