-- Open a parked record again with attempts 0. ARGV: kind letter, id. Returns 1, or 0 when it is not parked.
local kind, id = ARGV[1], ARGV[2]
if redis.call('HGET', record(kind, id), 's') ~= 'p' then return 0 end
redis.call('ZREM', 'pl:parked', kind .. ':' .. id)
redis.call('HDEL', record(kind, id), 'a', 'x', 'n', 'g')
reopen(kind, id, ms)
return 1
