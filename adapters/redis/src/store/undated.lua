-- Makes what a topic has from before reports undated, once. Accumulators of the last version then fail at their first
-- write instead of counting past the reports, because two of their keys have another type.
-- The totals, the set of the days with ids, the ids without a time, and the keys of the last version for both.
local function mark_undated(total, days, other_ids, old_days, old_other_ids)
  local call = redis.call
  if call('HEXISTS', total, 'dated_after') == 1 then return end
  -- First, because Redis without memory lets a script write more only after a write that needs none.
  for old, new in pairs({ [old_days] = days, [old_other_ids] = other_ids }) do
    if call('EXISTS', old) == 1 then call('RENAME', old, new) end
  end
  local fields = call('HGETALL', total)
  local last_place = '0'
  for i = 1, #fields, 2 do
    local field = fields[i]
    if field == 'last_place' then last_place = fields[i + 1] end
    if field == 'visits' or field == 'likes' or field == 'comments' or string.sub(field, 1, 6) == 'event:' then
      call('HSET', total, 'undated_' .. field, fields[i + 1])
    end
  end
  call('HSET', total, 'dated_after', last_place)
  for _, old in ipairs({ old_days, old_other_ids }) do
    call('SET', old, 'moved: a version with reports counts this topic')
  end
end
