-- 1 unless a higher generation has published. ARGV: repository id, scope, generation.
local key = 'pl:pub:' .. ARGV[1] .. ':' .. ARGV[2]
if tonumber(redis.call('GET', key) or '0') > tonumber(ARGV[3]) then return 0 end
redis.call('SET', key, ARGV[3], 'EX', @parked_s@)
return 1
