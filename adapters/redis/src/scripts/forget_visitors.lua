-- Erases visitors last seen earlier than a time, and answers how many. KEYS: the visitors. ARGV: the time, the most at once.
-- In one script, because a visitor who comes back between looking and erasing must stay.
local old = math.min(redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. ARGV[1]), tonumber(ARGV[2]))
if old > 0 then
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, old - 1)
end
return old
