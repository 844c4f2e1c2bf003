-- Lease the named work, or the next due one of a lane. ARGV: lane, newest known version, lease ms,
-- id or "". Returns id, fence, attempt, job, key, lane, installation, payloads, version, waited ms,
-- and 1 when it shall run alone: its last worker vanished, perhaps by its fault.
local lane, newest, lease_ms, wanted = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]

local function claim(id, r)
  local key = 'pl:k:' .. r[4]
  if running(key) then return nil end
  redis.call('HDEL', key, 'o')
  redis.call('HSET', key, 'r', id)
  redis.call('EXPIRE', key, KEEP)
  local fence, attempt = lease('w', id, r[2], lease_ms, true)
  return {id, fence, attempt, r[3], r[4], r[2], r[5], r[6], r[7], ms - tonumber(r[8]), tonumber(r[9] or '0')}
end

if wanted ~= '' then
  local r = get('w', wanted, 's', 'l', 'e', 'y', 'k', 'p', 'v', 'u', 'g')
  if r[1] ~= 'o' or tonumber(r[8]) > ms or tonumber(r[7]) > newest or running('pl:k:' .. r[4]) then
    return false
  end
  leave('w', wanted, r[2], r[5], r[7])
  return claim(wanted, r)
end
promote(200)
for version = newest, 1, -1 do
  while true do
    local id = take('w:' .. lane .. ':' .. version)
    if not id then break end
    local r = get('w', id, 's', 'l', 'e', 'y', 'k', 'p', 'v', 'u', 'g')
    local claimed = r[1] == 'o' and claim(id, r)
    if claimed then return claimed end
  end
end
return false
