-- Claims entries that other consumers do not acknowledge. XAUTOCLAIM also acknowledges entries that are gone from the
-- stream; they are added to the lost ones in the same step. Returns the reply of XAUTOCLAIM.
-- KEYS: the stream, the hash with the count of lost events. ARGV: the group, the consumer, the minimum idle time in
-- milliseconds, the start, the maximum number of entries.
local answer = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
local gone = answer[3] and #answer[3] or 0
if gone > 0 then redis.call('HINCRBY', KEYS[2], 'lost', gone) end
return answer
