-- Write the works, mark the delivery done, drop its body. ARGV: id, fence, repository and
-- action, then per work job, key, lane, installation, payload, version. Returns the ids, or false when the lease is lost.
-- Repeated after a lost answer it returns the same ids.
local id = ARGV[1]
if not held('d', id, ARGV[2]) then
  local r = get('d', id, 's', 'f', 'w')
  if r[1] == 'd' and r[2] == ARGV[2] then return {r[3]} end
  return false
end
redis.call('ZREM', 'pl:leases:d', id)
local ids = {}
for i = 4, #ARGV, 6 do
  table.insert(ids, submit(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5]))
end
local joined = table.concat(ids, ',')
close('d', id, joined, '')
redis.call('HSET', record('d', id), 'r', ARGV[3])
return {joined}
