-- Acknowledges entries that are gone from the stream and adds them to the lost ones, in one step, so that each counts
-- once. Returns how many were still pending.
-- KEYS: the stream, the hash with the count of lost events. ARGV: the group, the ids.
-- Redis does not reject the later writes of a script for lack of memory, so start with a write that changes nothing.
redis.pcall('HDEL', KEYS[2], '')
-- Write the sum first: if this fails, nothing is acknowledged.
redis.call('HINCRBY', KEYS[2], 'lost', #ARGV - 1)
local removed = redis.call('XACK', KEYS[1], unpack(ARGV))
if removed < #ARGV - 1 then redis.call('HINCRBY', KEYS[2], 'lost', removed - #ARGV + 1) end
return removed
