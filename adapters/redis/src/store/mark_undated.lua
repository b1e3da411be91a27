-- Begins the reports of a topic. KEYS: see undated.lua.
mark_undated(unpack(KEYS))
