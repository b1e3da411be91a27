-- Acknowledges an entry that is not an event and keeps one copy of it. The acknowledgement comes first: Redis does not
-- reject the later writes of a script for lack of memory, so a full Redis can be drained.
-- KEYS: the stream, the stream of rejected entries.
-- ARGV: the group, the entry's id, the maximum number of rejected entries, the reason, the entry's text.
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 1 then
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'entry', ARGV[2], 'reason', ARGV[4], 'event', ARGV[5])
end
