-- The birth id of this ledger. ARGV: the id to use when there is none. Returns id, 1 when made now.
local made = redis.call('SET', 'pl:epoch', ARGV[1], 'NX', 'EX', @parked_s@)
redis.call('EXPIRE', 'pl:epoch', @parked_s@)
return {redis.call('GET', 'pl:epoch'), made and 1 or 0}
