-- Notes what a process says of itself, with the time of Redis, and forgets those who have long been silent. Answers the
-- time, and what was noted under this name before.
-- KEYS: the members. ARGV: the name, what it says, how long a silence is remembered in milliseconds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', now) .. ARGV[2])
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local said = tonumber(string.match(all[i + 1], '^(%d+) '))
  if not said or now - said > tonumber(ARGV[3]) then
    redis.call('HDEL', KEYS[1], all[i])
  end
end
return { now, before }
