-- Turns the keys of the store into those of a version without reports.
local function delete(pattern)
  for _, key in ipairs(redis.call('KEYS', pattern)) do redis.call('DEL', key) end
end

local function time_of(bytes)
  local high, low = struct.unpack('>I4I4', bytes)
  return (high - 2147483648) * 4294967296 + low
end

for _, topic in ipairs(redis.call('SMEMBERS', 'horizon:topics')) do
  local function key(part) return 'horizon:{' .. topic .. '}:' .. part end
  local total = redis.call('HGETALL', key('total'))
  for i = 1, #total, 2 do
    if total[i] == 'dated_after' or string.sub(total[i], 1, 8) == 'undated_' then
      redis.call('HDEL', key('total'), total[i])
    end
  end
  local likes = redis.call('HGETALL', key('likes'))
  for i = 1, #likes, 2 do redis.call('HSET', key('likes'), likes[i], string.sub(likes[i + 1], 1, 25)) end
  local states = redis.call('HGETALL', key('visitor-states'))
  for i = 1, #states, 2 do redis.call('ZADD', key('visitors'), time_of(states[i + 1]), states[i]) end
  for old, new in pairs({ days = 'id-days', ['ids:other'] = 'other-ids' }) do
    redis.call('DEL', key(old))
    if redis.call('EXISTS', key(new)) == 1 then redis.call('RENAME', key(new), key(old)) end
  end
end
for _, part in ipairs({ 'visitor-states', 'bucket-days', 'buckets:*', 'values:*', 'reports' }) do
  delete('horizon:{*}:' .. part)
end
return redis.status_reply('OK')
