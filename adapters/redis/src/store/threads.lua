-- Returns the newest threads of a page, newest first, each with its first replies.
-- ARGV after those of read_comments.lua: the highest position, the number of threads plus one, the number of replies
-- per thread plus one.
local heads = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[3], '-inf', 'LIMIT', 0, ARGV[4])
local threads = {}
for i, head in ipairs(heads) do
  -- The last thread only shows that there are more; its replies are not needed.
  local is_full = left < 0 or i == tonumber(ARGV[4])
  local found = read(head)
  threads[i] = { found, is_full and {} or read_replies(head, '[' .. head, ARGV[5]) }
  if is_full then break end
end
return threads
