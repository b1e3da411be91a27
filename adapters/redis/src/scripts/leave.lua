-- Removes a process from the list, unless the record is of another process of its name: then it has another instance,
-- or none, as records of older versions have.
-- KEYS: the members. ARGV: the name, the instance.
local said = redis.call('HGET', KEYS[1], ARGV[1])
local json = said and string.match(said, '^%d+ (.*)$')
if not json then
  return 0
end
local is_read, about = pcall(cjson.decode, json)
if not is_read or type(about) ~= 'table' or about.instance ~= ARGV[2] then
  return 0
end
return redis.call('HDEL', KEYS[1], ARGV[1])
