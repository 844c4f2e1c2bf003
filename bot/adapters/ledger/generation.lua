-- A number larger than all before it, also after Redis was emptied. ARGV: repository id.
local key = 'pl:gen:' .. ARGV[1]
local number = string.format('%.0f', math.max(tonumber(redis.call('GET', key) or '0') + 1, us))
redis.call('SET', key, number, 'EX', @parked_s@)
return number
