-- Deletes visitors who were last seen before a time, and then notes in KEYS[2] that the append-only file has to be
-- rewritten. Returns how many.
-- KEYS: the visitors. ARGV: the time, the maximum number of visitors.
-- A script, because a visitor who comes back between the count and the deletion must stay.
local old = math.min(redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. ARGV[1]), tonumber(ARGV[2]))
if old > 0 then
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, old - 1)
  redis.call('SET', KEYS[2], 0)
end
return old
