-- Extend leases. ARGV: lease ms, then kind letter, id, fence of each. Returns 1 or 0 for each.
local out = {}
for i = 2, #ARGV, 3 do
  local mine = held(ARGV[i], ARGV[i + 1], ARGV[i + 2])
  if mine then
    put('pl:leases:' .. ARGV[i], ms + tonumber(ARGV[1]), ARGV[i + 1])
    redis.call('EXPIRE', record(ARGV[i], ARGV[i + 1]), KEEP)
  end
  table.insert(out, mine and 1 or 0)
end
return out
