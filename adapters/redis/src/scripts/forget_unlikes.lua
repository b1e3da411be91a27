-- Erases the words of readers who took their like back earlier than a stamp, and answers where to go on; zero at the end.
-- KEYS: the words. ARGV: where to go on, how many to look at, the stamp.
local reply = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
for i = 1, #reply[2], 2 do
  local word = reply[2][i + 1]
  if string.sub(word, 1, 1) == '0' and earlier(string.sub(word, 2), ARGV[3]) then
    redis.call('HDEL', KEYS[1], reply[2][i])
  end
end
return reply[1]
