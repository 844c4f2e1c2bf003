-- Keep the later end of a pause. ARGV: installation, resource, until ms.
local key = 'pl:pause:' .. ARGV[1] .. ':' .. ARGV[2]
local ends = math.min(tonumber(ARGV[3]), ms + @parked_s@ * 1000)
if ends > ms and ends > tonumber(redis.call('GET', key) or '0') then
  redis.call('SET', key, string.format('%.0f', ends), 'PXAT', string.format('%.0f', ends))
end
return 1
