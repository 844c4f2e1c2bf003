-- ARGV: kind letter, id, fence. Returns 1 while the fence is the newest and the lease has not ended.
local r = get(ARGV[1], ARGV[2], 's', 'f')
if r[1] ~= 'l' or r[2] ~= ARGV[3] then return 0 end
local ends = redis.call('ZSCORE', 'pl:leases:' .. ARGV[1], ARGV[2])
return (ends and tonumber(ends) > ms) and 1 or 0
