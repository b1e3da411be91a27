-- Acknowledges entries that are gone from the stream and adds them to the lost ones, in one step, so that each counts
-- once. Returns how many that were.
-- KEYS: the stream, and the hash that counts what was lost. ARGV: the group, and the ids.
-- A script that has written is not refused for lack of memory, and this deletes nothing.
redis.pcall('HDEL', KEYS[2], '')
-- The sum first: where it cannot be written, nothing is acknowledged.
redis.call('HINCRBY', KEYS[2], 'lost', #ARGV - 1)
local removed = redis.call('XACK', KEYS[1], unpack(ARGV))
if removed < #ARGV - 1 then redis.call('HINCRBY', KEYS[2], 'lost', removed - #ARGV + 1) end
return removed
