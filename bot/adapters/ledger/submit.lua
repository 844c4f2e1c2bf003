-- Write works. ARGV: per work job, key, lane, installation, payload, version. Returns their ids.
local ids = {}
for i = 1, #ARGV, 6 do
  table.insert(ids, submit(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5]))
end
return ids
