-- Returns the newest comments of a list, newest first. KEYS: the list, the comments. ARGV: the limit.
local found = {}
for i, id in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, ARGV[1] - 1)) do
  found[i] = { id, redis.call('HGET', KEYS[2], id) }
end
return found
