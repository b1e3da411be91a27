-- Deletes the salts of the days before ARGV[1], and then notes in KEYS[2] that the append-only file has to be rewritten.
-- With a day and a salt, stores the salt if the day has none, and returns that of the day. KEYS[1]: the salts.
for _, day in ipairs(redis.call('HKEYS', KEYS[1])) do
  if tonumber(day) < tonumber(ARGV[1]) and redis.call('HDEL', KEYS[1], day) == 1 then
    redis.call('SET', KEYS[2], day)
  end
end
if ARGV[2] then
  redis.call('HSETNX', KEYS[1], ARGV[2], ARGV[3])
  return redis.call('HGET', KEYS[1], ARGV[2])
end
