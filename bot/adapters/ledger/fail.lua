-- Give a record back after a failure, or park it.
-- ARGV: kind letter, id, fence, error, 1 when permanent, cap on attempts, jitter 0 to 1.
-- Returns 1 when it is parked now, 0 when it will be tried again, -1 when the lease is lost.
local kind, id = ARGV[1], ARGV[2]
if not held(kind, id, ARGV[3]) then return -1 end
local rec = record(kind, id)
if redis.call('HGET', rec, 'c') ~= '1' then redis.call('HINCRBY', rec, 'a', 1) end
local attempts = tonumber(redis.call('HGET', rec, 'a'))
if ARGV[5] == '1' or attempts >= tonumber(ARGV[6]) then
  park(kind, id, ARGV[4])
  return 1
end
redis.call('HSET', rec, 'x', ARGV[4])
reopen(kind, id, ms + backoff(attempts, tonumber(ARGV[7])))
return 0
