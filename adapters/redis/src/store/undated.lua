-- Makes what a topic has from before reports undated, once. Accumulators of the last version then fail at their first
-- write instead of counting past the reports, because two of their keys have another type.
-- The totals, the set of the days with ids, the ids without a time, and the keys of the last version for both.
local function mark_undated(total, days, other_ids, old_days, old_other_ids)
  if redis.call('HEXISTS', total, 'dated_after') == 1 then return end
  local fields = redis.call('HGETALL', total)
  local last_place = '0'
  for i = 1, #fields, 2 do
    local field = fields[i]
    if field == 'last_place' then last_place = fields[i + 1] end
    if field == 'visits' or field == 'likes' or field == 'comments' or string.sub(field, 1, 6) == 'event:' then
      redis.call('HSET', total, 'undated_' .. field, fields[i + 1])
    end
  end
  redis.call('HSET', total, 'dated_after', last_place)
  for old, new in pairs({ [old_days] = days, [old_other_ids] = other_ids }) do
    if redis.call('EXISTS', old) == 1 then redis.call('RENAME', old, new) end
    redis.call('SET', old, 'moved: this topic is counted by a version with reports')
  end
end
