-- The newest threads of a page, newest first, and whether there are older ones.
-- KEYS: the threads, the comments, the shown replies. ARGV: older than which place, how many, how many replies each.
local most = tonumber(ARGV[2])
local heads = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[1], '-inf', 'LIMIT', 0, most + 1)
local threads = {}
for i = 1, math.min(#heads, most) do
  local head, replies = heads[i], {}
  local found = redis.call('ZRANGEBYLEX', KEYS[3], '[' .. head, '(' .. head .. '\255', 'LIMIT', 0, ARGV[3])
  for _, reply in ipairs(found) do
    local id = string.sub(reply, 25)
    replies[#replies + 1] = { id, redis.call('HGET', KEYS[2], id) }
  end
  threads[i] = { { head, redis.call('HGET', KEYS[2], head) }, replies }
end
return { #heads > most and 1 or 0, threads }
