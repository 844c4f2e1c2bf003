-- Give a record back until a date, without counting the attempt.
-- ARGV: kind letter, id, fence, due ms, reason. Returns 1, or 0 when the lease is lost.
local kind, id = ARGV[1], ARGV[2]
if not held(kind, id, ARGV[3]) then return 0 end
if redis.call('HGET', record(kind, id), 'c') == '1' then redis.call('HINCRBY', record(kind, id), 'a', -1) end
redis.call('HSET', record(kind, id), 'x', ARGV[5])
reopen(kind, id, tonumber(ARGV[4]))
return 1
