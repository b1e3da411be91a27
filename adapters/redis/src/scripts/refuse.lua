-- Acknowledges an entry that holds no event and keeps a copy of it, once. The acknowledgement comes first: a script
-- that has written is not refused for lack of memory, so a full Redis can be drained.
-- KEYS: the stream, and the stream of refused entries.
-- ARGV: the group, the entry's id, the most refused entries, the reason, and the entry's text.
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 1 then
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'entry', ARGV[2], 'reason', ARGV[4], 'event', ARGV[5])
end
