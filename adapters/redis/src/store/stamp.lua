-- Returns whether stamp `a` is earlier than `b`. A stamp is 24 bytes, time before id, that sort like stamps.
-- Compares numbers, because `<` on strings depends on the locale of the server.
local function earlier(a, b)
  local a1, a2, a3, a4 = struct.unpack('>I6I6I6I6', a)
  local b1, b2, b3, b4 = struct.unpack('>I6I6I6I6', b)
  if a1 ~= b1 then return a1 < b1 end
  if a2 ~= b2 then return a2 < b2 end
  if a3 ~= b3 then return a3 < b3 end
  return a4 < b4
end
