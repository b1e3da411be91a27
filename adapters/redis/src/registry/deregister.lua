-- Removes a process from the list, unless the record is that of another process with its name: then it has another
-- instance, or none, if it is of an older version.
-- KEYS: the processes. ARGV: the name, the instance.
local record = redis.call('HGET', KEYS[1], ARGV[1])
local json = record and string.match(record, '^%d+ (.*)$')
if not json then
  return 0
end
local is_json, info = pcall(cjson.decode, json)
if not is_json or type(info) ~= 'table' or info.instance ~= ARGV[2] then
  return 0
end
return redis.call('HDEL', KEYS[1], ARGV[1])
