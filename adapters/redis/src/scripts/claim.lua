-- Takes over entries that another consumer does not acknowledge. XAUTOCLAIM also removes from its list those that are
-- gone from the stream; they are added to the lost ones in the same step. Returns what XAUTOCLAIM does.
-- KEYS: the stream, and the hash that counts what was lost. ARGV: the group, the consumer, the time in milliseconds
-- that entries must have been idle, where to begin, and the most entries.
local answer = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
local gone = answer[3] and #answer[3] or 0
if gone > 0 then redis.call('HINCRBY', KEYS[2], 'lost', gone) end
return answer
