-- Give a parked record up; it is remembered as done, so that a redelivery does not bring it back.
-- ARGV: kind letter, id. Returns 1, or 0 when it is not parked.
local kind, id = ARGV[1], ARGV[2]
if redis.call('HGET', record(kind, id), 's') ~= 'p' then return 0 end
redis.call('ZREM', 'pl:parked', kind .. ':' .. id)
close(kind, id, '', 'dropped by an operator')
return 1
