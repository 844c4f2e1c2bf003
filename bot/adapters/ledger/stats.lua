-- Returns open deliveries, leased deliveries, open works of each lane, leased works, parked records,
-- ms since the oldest open record became due, bytes of bodies, due deliveries.
local out, oldest, due = {0}, ms, 0
for _, lane in ipairs(LANES) do
  out[1] = out[1] + redis.call('ZCARD', 'pl:open:d:' .. lane)
  due = due + redis.call('ZCOUNT', 'pl:open:d:' .. lane, '-inf', ms)
end
table.insert(out, redis.call('ZCARD', 'pl:leases:d'))
for _, lane in ipairs(LANES) do table.insert(out, redis.call('ZCARD', 'pl:open:w:' .. lane)) end
table.insert(out, redis.call('ZCARD', 'pl:leases:w'))
table.insert(out, redis.call('ZCARD', 'pl:parked'))
for _, kind in ipairs({'d', 'w'}) do
  for _, lane in ipairs(LANES) do
    local first = redis.call('ZRANGE', 'pl:open:' .. kind .. ':' .. lane, 0, 0, 'WITHSCORES')
    if first[2] then oldest = math.min(oldest, tonumber(first[2])) end
  end
end
table.insert(out, ms - oldest)
table.insert(out, tonumber(redis.call('GET', 'pl:bytes') or '0'))
table.insert(out, due)
return out
