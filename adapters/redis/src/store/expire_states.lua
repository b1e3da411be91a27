-- Deletes the states of visitors who were last seen before a time, and then notes in KEYS[2] that the append-only file
-- has to be rewritten. Returns the next cursor, zero at the end.
-- KEYS: the states. ARGV: the cursor, the number of states to read, the time (8 bytes that sort like times).
local unpack_bytes = struct.unpack
local high, low = unpack_bytes('>I4I4', ARGV[3])
local reply = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
for i = 1, #reply[2], 2 do
  local last_high, last_low = unpack_bytes('>I4I4', reply[2][i + 1])
  if last_high < high or (last_high == high and last_low < low) then
    redis.call('HDEL', KEYS[1], reply[2][i])
    redis.call('SET', KEYS[2], 0)
  end
end
return reply[1]
