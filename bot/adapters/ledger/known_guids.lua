-- ARGV: GUIDs. Returns those that were seen from any hook.
local hooks, out = redis.call('SMEMBERS', 'pl:hooks'), {}
for _, guid in ipairs(ARGV) do
  for _, hook in ipairs(hooks) do
    if redis.call('EXISTS', record('d', hook .. ':' .. guid)) == 1 then
      table.insert(out, guid)
      break
    end
  end
end
return out
