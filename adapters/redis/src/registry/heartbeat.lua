-- Writes the state of a process with the time of Redis. Returns the time, and the previous record of this name.
-- The first heartbeat of a process, and one each minute, also removes processes that have been silent for too long, and
-- records from as far in the future: reading all records costs more than the rest.
-- KEYS: the processes. ARGV: the name, the state, the retention in milliseconds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', now) .. ARGV[2])
if before and time[1] % 60 ~= 0 then
  return { now, before }
end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local written = tonumber(string.match(all[i + 1], '^(%d+) '))
  if not written or math.abs(now - written) > tonumber(ARGV[3]) then
    redis.call('HDEL', KEYS[1], all[i])
  end
end
return { now, before }
