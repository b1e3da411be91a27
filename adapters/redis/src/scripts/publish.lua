-- Keeps the totals of a topic and tells them, unless newer ones are kept already.
-- KEYS: where they are kept. ARGV: the revision, the message, the channel.
local kept = redis.call('GET', KEYS[1])
if kept and cjson.decode(kept).revision >= tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[2])
return 1
