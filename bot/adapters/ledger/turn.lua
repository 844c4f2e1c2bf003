-- 1 when the holder has the turn, now and for so long; a lifetime of 0 gives it back.
-- ARGV: name, holder, lifetime in ms.
local key = 'pl:turn:' .. ARGV[1]
local holder = redis.call('GET', key)
if holder and holder ~= ARGV[2] then return 0 end
if tonumber(ARGV[3]) > 0 then
  redis.call('SET', key, ARGV[2], 'PX', ARGV[3])
else
  redis.call('DEL', key)
end
return 1
