-- Deletes unlikes before a stamp. Returns the next cursor, zero at the end.
-- KEYS: the likes. ARGV: the cursor, the number of entries to read, the stamp.
local reply = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
for i = 1, #reply[2], 2 do
  local like = reply[2][i + 1]
  if string.sub(like, 1, 1) == '0' and earlier(string.sub(like, 2), ARGV[3]) then
    redis.call('HDEL', KEYS[1], reply[2][i])
  end
end
return reply[1]
