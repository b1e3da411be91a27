-- Keeps the totals of a topic and tells them, unless newer ones are kept already.
-- KEYS: where they are kept. ARGV: the revision, the message, the channel.
local kept = redis.call('GET', KEYS[1])
if kept and cjson.decode(kept).revision >= tonumber(ARGV[1]) then
  return 0
end
-- A script that has written is not refused for lack of memory, and SET removes an expiry anyway. Without this a full
-- Redis could not be drained, because what is counted is published before it is acknowledged.
redis.pcall('PERSIST', KEYS[1])
redis.call('SET', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[2])
return 1
