-- Replaces the cutoff of the site if no other process has replaced it.
-- KEYS: what the reports keep of the site. ARGV: the cutoff so far, the next one. Returns 1, or 0 if it is another one.
if redis.call('HGET', KEYS[1], 'cutoff') ~= ARGV[1] then return 0 end
-- Redis without memory lets a script write more only after a write that needs none.
redis.call('HDEL', KEYS[1], 'cutoff')
redis.call('HSET', KEYS[1], 'cutoff', ARGV[2])
return 1
