-- Lease due deliveries. ARGV: limit, lease ms, id or "".
-- A batch does not count attempts: when its process dies, each of its records is claimed alone
-- from then on, and only that counts, so that a poisoned one parks without its neighbours.
-- Returns a flat list of id, fence, attempt, event, lane, body (or false), bytes, waited ms.
local limit, lease_ms, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local out, count = {}, 0

local function claim(id, r, counted)
  local fence, attempt = lease('d', id, r[3], lease_ms, counted)
  local body = false
  if tonumber(r[4] or '0') > 0 then body = redis.call('GET', 'pl:b:' .. id) end
  for _, value in ipairs({id, fence, attempt, r[2], r[3]}) do table.insert(out, value) end
  table.insert(out, body)
  table.insert(out, ms - tonumber(r[5] or ms))
  count = count + 1
end

promote(200)
if wanted ~= '' then
  local r = get('d', wanted, 's', 'e', 'l', 'b', 'u', 'g', 'k')
  if r[1] == 'o' and tonumber(r[5]) <= ms then
    leave('d', wanted, r[3], r[7])
    claim(wanted, r, true)
  end
  return out
end
for _, lane in ipairs(LANES) do
  while count < limit do
    local id, score = take('d:' .. lane)
    if not id then break end
    local r = get('d', id, 's', 'e', 'l', 'b', 'u', 'g', 'k')
    if r[1] == 'o' then
      if r[6] == '1' then
        if count > 0 then
          enter('d', id, lane, r[7], nil, score)
        else
          claim(id, r, true)
        end
        return out
      end
      claim(id, r, false)
    end
  end
end
return out
