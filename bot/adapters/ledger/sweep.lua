-- End lost leases, then name what is due and was not looked at lately.
-- ARGV: limit, cap on attempts, jitter 0 to 1. Returns a flat list of kind letter, lane, id.
local limit, cap, jitter = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local out = {}

for _, kind in ipairs({'d', 'w'}) do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'pl:leases:' .. kind, '-inf', ms, 'LIMIT', 0, 500)) do
    local r = get(kind, id, 's', 'a', 'c')
    local attempts = tonumber(r[2] or '0')
    if r[1] ~= 'l' then
      redis.call('ZREM', 'pl:leases:' .. kind, id)
    elseif r[3] ~= '1' then
      redis.call('HSET', record(kind, id), 'g', 1)
      reopen(kind, id, ms)
    elseif attempts >= cap then
      park(kind, id, 'the worker vanished while it held this record, ' .. attempts .. ' times')
    else
      redis.call('HSET', record(kind, id), 'x', 'the lease ended: its worker vanished or hung', 'g', 1)
      reopen(kind, id, attempts <= 1 and ms or ms + backoff(attempts - 1, jitter))
    end
  end
end
promote(500)

local function found(kind, lane, id)
  table.insert(out, kind)
  table.insert(out, lane)
  table.insert(out, id)
end

-- One hint makes a worker route all deliveries, so the first of each lane stands for its lane.
for _, lane in ipairs(LANES) do
  local open = 'pl:open:d:' .. lane
  local first = limit > 0 and redis.call('ZRANGEBYSCORE', open, '-inf', ms, 'LIMIT', 0, 1)[1]
  if first and redis.call('EXISTS', record('d', first)) == 0 then
    redis.call('ZREM', open, first)
  elseif first and redis.call('SET', 'pl:look:d:' .. lane, 1, 'NX', 'PX', @look_ms@) then
    found('d', lane, first)
  end
end
if limit > 0 then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'pl:look', '-inf', ms, 'LIMIT', 0, limit)) do
    local r = get('w', id, 's', 'l')
    if r[1] ~= 'o' then
      redis.call('ZREM', 'pl:look', id)
    else
      local looks = redis.call('HINCRBY', record('w', id), 'n', 1)
      put('pl:look', ms + math.min(600000, @look_ms@ * 2 ^ math.min(looks, 10)), id)
      found('w', r[2], id)
    end
  end
end

redis.call('EXPIRE', 'pl:epoch', @parked_s@)
redis.call('EXPIRE', 'pl:hooks', KEEP)
local old = redis.call('ZRANGEBYSCORE', 'pl:parked', '-inf', ms - @parked_s@ * 1000 + 3600000, 'LIMIT', 0, 500)
for _, member in ipairs(old) do
  redis.call('ZREM', 'pl:parked', member)
  if string.sub(member, 1, 1) == 'd' then drop_body(string.sub(member, 3)) end
  redis.call('DEL', 'pl:' .. member)
end

-- Bodies that outlived their lifetime unrouted leave the count too high; nothing held means none.
local held_bodies = redis.call('ZCARD', 'pl:leases:d') + redis.call('EXISTS', 'pl:parked')
for _, lane in ipairs(LANES) do held_bodies = held_bodies + redis.call('ZCARD', 'pl:open:d:' .. lane) end
if held_bodies == 0 then redis.call('DEL', 'pl:bytes') end
return out
