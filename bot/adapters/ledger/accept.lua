-- Record a delivery once. The hot path of the receiver: one round trip, nothing parsed.
-- ARGV: id ("hook:guid"), event, lane letter, fairness key, body ("" when only a reference is kept)
-- Returns 0 new, 1 open or leased, 2 reopened, 3 done, -1 over the byte ceiling.
local rec = 'pl:d:' .. ARGV[1]
local state = redis.call('HGET', rec, 's')
if state == 'o' or state == 'l' then return 1 end
if state == 'd' then return 3 end

local body = ARGV[5]
local held = tonumber(redis.call('GET', 'pl:bytes') or '0')
local before = state and tonumber(redis.call('HGET', rec, 'b') or '0') or 0
if #body > 0 and held - before + #body > @ceiling@ then return -1 end

local time = redis.call('TIME')
local us = time[1] * 1000000 + time[2]
local ms = math.floor(us / 1000)
local lane, fair = ARGV[3], ARGV[4]
redis.call('HSET', rec, 's', 'o', 'e', ARGV[2], 'l', lane, 'k', fair, 't', ms, 'u', ms, 'b', #body)
redis.call('EXPIRE', rec, @open_s@)
if state then
  redis.call('HDEL', rec, 'a', 'x', 'g', 'c')
  redis.call('ZREM', 'pl:parked', 'd:' .. ARGV[1])
end
if #body > 0 then redis.call('SET', 'pl:b:' .. ARGV[1], body, 'EX', @open_s@) end
if #body ~= before then
  redis.call('SET', 'pl:bytes', held - before + #body, 'EX', @open_s@)
end

local queue, ring, open = 'pl:q:d:' .. lane .. ':' .. fair, 'pl:r:d:' .. lane, 'pl:open:d:' .. lane
redis.call('ZADD', queue, us, ARGV[1])
redis.call('ZADD', ring, 'NX', us, fair)
redis.call('ZADD', open, ms, ARGV[1])
redis.call('EXPIRE', queue, @open_s@)
redis.call('EXPIRE', ring, @open_s@)
redis.call('EXPIRE', open, @open_s@)
local hook = string.match(ARGV[1], '^(.-):') or '-'
if redis.call('SCARD', 'pl:hooks') < 64 and redis.call('SADD', 'pl:hooks', hook) == 1 then
  redis.call('EXPIRE', 'pl:hooks', @open_s@)
end
return state and 2 or 0
