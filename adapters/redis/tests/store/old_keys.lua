-- Writes what the last version stored of a page: four visits, the last of them by visitor 1 at ARGV[1], two likes, a
-- comment and two custom events.
local function key(part) return 'horizon:{blog:one}:' .. part end
local function id(number) return string.rep('\0', 15) .. string.char(number) end
local time = struct.pack('>I4I4', 2147483648, 1000)
local function stamp(number) return time .. id(number) end

redis.call('SADD', 'horizon:topics', 'blog:one')
redis.call('SADD', 'horizon:commented', 'one')
redis.call('SADD', key('days'), 0)
redis.call('HSET', key('ids:0'), id(1), string.sub(time, 5))
redis.call('HSET', key('ids:other'), id(2), time)
redis.call('ZADD', key('visitors'), ARGV[1], id(1))
redis.call('HSET', key('likes'), id(1), '1' .. stamp(1), id(2), '1' .. stamp(2))
local position = '1700000000000000'
local comment = '1' .. string.rep('\0', 24) .. struct.pack('>I8', tonumber(position)) .. string.rep('\0', 17)
  .. id(7) .. time .. struct.pack('>I2', 3) .. 'AdaHello'
redis.call('HSET', key('comments'), id(9), comment)
redis.call('ZADD', key('shown'), position, id(9))
redis.call('ZADD', key('threads'), position, id(9))
redis.call('SET', 'horizon:comment:' .. string.rep('0', 31) .. '9', 'one')
redis.call('HSET', key('total'), 'visits', 4, 'likes', 2, 'comments', 1, 'comments_revision', 1, 'revision', 9,
  'last_place', position, 'event_names', 1, 'event:download', 2)
return redis.status_reply('OK')
