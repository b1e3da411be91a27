-- Deletes ids of events before a time. Returns the next cursor, zero at the end.
-- KEYS: the ids, each with its time or the lower half of it. ARGV: the cursor, the number of ids to read, the time.
local high, low = struct.unpack('>I4I4', ARGV[3])
local function is_old(kept)
  if #kept == 8 then
    local kept_high, kept_low = struct.unpack('>I4I4', kept)
    return kept_high < high or (kept_high == high and kept_low < low)
  end
  -- Half a time wraps around after 50 days, and these differ by a few days at most: compare modulo 2^32.
  return (struct.unpack('>I4', kept) - low) % 4294967296 >= 2147483648
end

local reply = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
for i = 1, #reply[2], 2 do
  if is_old(reply[2][i + 1]) then
    redis.call('HDEL', KEYS[1], reply[2][i])
  end
end
return reply[1]
