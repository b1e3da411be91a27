-- Stores and publishes the totals of a topic, unless newer ones are stored.
-- KEYS: the totals. ARGV: the revision, the message, the channel.
local kept = redis.call('GET', KEYS[1])
if kept and cjson.decode(kept).revision >= tonumber(ARGV[1]) then
  return 0
end
-- Redis does not reject the later writes of a script for lack of memory, and SET removes an expiry anyway. Without this
-- a full Redis could not be drained, because totals are published before events are acknowledged.
redis.pcall('PERSIST', KEYS[1])
redis.call('SET', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[2])
return 1
