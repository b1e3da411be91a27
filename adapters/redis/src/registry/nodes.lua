-- Returns the time of Redis in milliseconds, and the records of all processes. KEYS: the processes.
local time = redis.call('TIME')
return { time[1] * 1000 + math.floor(time[2] / 1000), redis.call('HGETALL', KEYS[1]) }
