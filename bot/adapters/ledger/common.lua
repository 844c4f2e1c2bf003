-- What every script but accept.lua starts with. Time is Redis' own, never a worker's.
--
-- Records are hashes pl:d:<id> (deliveries) and pl:w:<id> (works) with the fields
--   s state (o l d p)   e event or job    l lane letter      k fairness key    t accepted at, ms
--   u due at, ms        a attempts        c 1: this lease counted its attempt  f fence
--   x error or result   b body bytes      g 1: to be claimed alone             w ids of works
--   y work key          p payloads        v version          n looks of the sweeper
--   r repository and action of a routed delivery
-- Open and due records wait in one sorted set per fairness key (pl:q:<base>:<fairness key>); the
-- ring pl:r:<base> holds the fairness keys that have some, least lately served first. The base is
-- d:<lane>, or w:<lane>:<version>: a worker never sees work of a version that it does not know.
-- pl:later holds what is due in the future, pl:open:* all that is open (for counts), pl:look when
-- the sweeper looks at an open work next, pl:leases:* when leases end, pl:k:<work key> the open
-- (o) and the running (r) work of a key. An open work whose key is running waits in no queue.
-- Payloads (p) are JSON, one a line, the newest last: merged works keep what each of them asked for.
local KEEP = @open_s@
local time = redis.call('TIME')
local us = time[1] * 1000000 + time[2]
local ms = math.floor(us / 1000)
local RANK = {i = 1, e = 2, s = 3}
local LANES = {'i', 'e', 's'}

local function put(set, score, member)
  redis.call('ZADD', set, score, member)
  redis.call('EXPIRE', set, KEEP)
end

local function record(kind, id) return 'pl:' .. kind .. ':' .. id end

local function get(kind, id, ...)
  return redis.call('HMGET', record(kind, id), ...)
end

local function base_of(kind, lane, version)
  if kind == 'd' then return 'd:' .. lane end
  return 'w:' .. lane .. ':' .. version
end

local turn = us
local function enter(kind, id, lane, fair, version, score)
  local base = base_of(kind, lane, version)
  turn = turn + 1
  put('pl:q:' .. base .. ':' .. fair, score or turn, id)
  redis.call('ZADD', 'pl:r:' .. base, 'NX', turn, fair)
  redis.call('EXPIRE', 'pl:r:' .. base, KEEP)
end

local function leave(kind, id, lane, fair, version)
  local base = base_of(kind, lane, version)
  local queue = 'pl:q:' .. base .. ':' .. fair
  redis.call('ZREM', queue, id)
  redis.call('ZREM', 'pl:later', kind .. ':' .. id)
  if redis.call('EXISTS', queue) == 0 then redis.call('ZREM', 'pl:r:' .. base, fair) end
end

-- The next id of a base, round robin over its fairness keys, with its score; nil when it is empty.
local function take(base)
  local ring = 'pl:r:' .. base
  while true do
    local fair = redis.call('ZRANGE', ring, 0, 0)[1]
    if not fair then return nil end
    local queue = 'pl:q:' .. base .. ':' .. fair
    local popped = redis.call('ZPOPMIN', queue)
    if redis.call('EXISTS', queue) == 0 then
      redis.call('ZREM', ring, fair)
    else
      turn = turn + 1
      redis.call('ZADD', ring, turn, fair)
    end
    if popped[1] then return popped[1], popped[2] end
  end
end

-- Let an open record be worked on from a date; ``hinted``: a hint for it is on its way already.
local function make_due(kind, id, due, hinted)
  local r = get(kind, id, 'l', 'k', 'v')
  redis.call('HSET', record(kind, id), 's', 'o', 'u', due)
  redis.call('EXPIRE', record(kind, id), KEEP)
  put('pl:open:' .. kind .. ':' .. r[1], due, id)
  if due <= ms then
    enter(kind, id, r[1], r[2], r[3])
  else
    put('pl:later', due, kind .. ':' .. id)
  end
  if kind == 'w' then put('pl:look', hinted and ms + @look_ms@ or math.max(due, ms), id) end
end

-- Move what has become due from pl:later to its queue.
local function promote(limit)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', 'pl:later', '-inf', ms, 'LIMIT', 0, limit)) do
    redis.call('ZREM', 'pl:later', member)
    local kind, id = string.sub(member, 1, 1), string.sub(member, 3)
    local r = get(kind, id, 's', 'l', 'k', 'v')
    if r[1] == 'o' then enter(kind, id, r[2], r[3], r[4]) end
  end
end

local function lease(kind, id, lane, lease_ms, counted)
  local rec = record(kind, id)
  local fence = redis.call('HINCRBY', rec, 'f', 1)
  local attempt
  if counted then
    attempt = redis.call('HINCRBY', rec, 'a', 1)
  else
    attempt = 1 + tonumber(redis.call('HGET', rec, 'a') or '0')
  end
  redis.call('HSET', rec, 's', 'l', 'c', counted and 1 or 0)
  redis.call('EXPIRE', rec, KEEP)
  put('pl:leases:' .. kind, ms + lease_ms, id)
  redis.call('ZREM', 'pl:open:' .. kind .. ':' .. lane, id)
  if kind == 'w' then redis.call('ZREM', 'pl:look', id) end
  return fence, attempt
end

-- True when the claim's fence is the newest and its record is leased. The EXPIRE comes first
-- because Redis refuses a script's growing writes when it is full, unless it has written already:
-- what is being worked on must be finished even then.
local function held(kind, id, fence)
  redis.call('EXPIRE', 'pl:leases:' .. kind, KEEP)
  local r = get(kind, id, 's', 'f')
  return r[1] == 'l' and r[2] == fence
end

local function new_number()
  local last = tonumber(redis.call('GET', 'pl:seq') or '0')
  local number = math.max(last + 1, us)
  redis.call('SET', 'pl:seq', string.format('%.0f', number), 'EX', KEEP)
  return string.format('%.0f', number)
end

local function running(key)
  local id = redis.call('HGET', key, 'r')
  return id and redis.call('HGET', record('w', id), 's') == 'l'
end

-- Write one work, or merge it with the equal one that waits; returns its id.
-- Payloads of two works, each line once, at most eight; the second's come last.
local function join_payloads(older, newer)
  local lines, seen = {}, {}
  for line in string.gmatch(older .. '\n' .. newer, '[^\n]+') do
    if seen[line] then
      for i, known in ipairs(lines) do
        if known == line then table.remove(lines, i) break end
      end
    end
    seen[line] = true
    table.insert(lines, line)
  end
  while #lines > 8 do table.remove(lines, 1) end
  return table.concat(lines, '\n')
end

local function submit(job, name, lane, fair, payload, version)
  local key = 'pl:k:' .. name
  local id = redis.call('HGET', key, 'o')
  local r = id and get('w', id, 's', 'l', 'k', 'v', 'u', 'p')
  local busy = running(key)
  if r and r[1] == 'o' then
    local due, urgent = tonumber(r[5]), RANK[lane] < RANK[r[2]]
    if urgent then due = math.min(due, ms) else lane = r[2] end
    local moves = urgent or r[3] ~= fair or r[4] ~= version
    if moves then
      leave('w', id, r[2], r[3], r[4])
      redis.call('ZREM', 'pl:open:w:' .. r[2], id)
    end
    redis.call('HSET', record('w', id), 'e', job, 'l', lane, 'k', fair, 'p', join_payloads(r[6], payload),
      'v', version, 'u', due)
    if moves and busy then
      put('pl:open:w:' .. lane, due, id)
    elseif moves then
      make_due('w', id, due, true)
    end
    return id
  end
  id = 'w' .. new_number()
  redis.call('HSET', record('w', id), 's', 'o', 'e', job, 'y', name, 'l', lane, 'k', fair,
    'p', payload, 'v', version, 't', ms, 'u', ms)
  redis.call('EXPIRE', record('w', id), KEEP)
  redis.call('HSET', key, 'o', id)
  redis.call('EXPIRE', key, KEEP)
  if busy then
    put('pl:open:w:' .. lane, ms, id)
  else
    make_due('w', id, ms, true)
  end
  return id
end

-- The work no longer runs: let the one that waits behind it into its queue.
local function release(id)
  local name = redis.call('HGET', record('w', id), 'y')
  if not name then return end
  local key = 'pl:k:' .. name
  if redis.call('HGET', key, 'r') == id then redis.call('HDEL', key, 'r') end
  local waiting = redis.call('HGET', key, 'o')
  if waiting and waiting ~= id then
    local r = get('w', waiting, 's', 'u')
    if r[1] == 'o' then make_due('w', waiting, tonumber(r[2])) end
  end
end

local function drop_body(id)
  local bytes = tonumber(redis.call('HGET', record('d', id), 'b') or '0')
  redis.call('DEL', 'pl:b:' .. id)
  if bytes > 0 then
    local left = math.max(0, tonumber(redis.call('GET', 'pl:bytes') or '0') - bytes)
    redis.call('SET', 'pl:bytes', left, 'EX', KEEP)
  end
  redis.call('HSET', record('d', id), 'b', 0)
end

local function close(kind, id, works, note)
  local rec = record(kind, id)
  redis.call('ZREM', 'pl:leases:' .. kind, id)
  if kind == 'd' then drop_body(id) end
  redis.call('HSET', rec, 's', 'd', 'w', works, 'x', note)
  redis.call('HDEL', rec, 'p', 'u', 'n', 'g', 'c')
  redis.call('EXPIRE', rec, kind == 'd' and @guid_s@ or @done_s@)
  local recent = 'pl:recent:' .. kind
  redis.call('LPUSH', recent, id)
  redis.call('LTRIM', recent, 0, 99)
  redis.call('EXPIRE', recent, @done_s@)
end

-- Open a leased or parked record again. A work gives way to an equal one that waits already: that
-- one has the newer payload; it takes over the older one, the attempts and the date.
local function reopen(kind, id, due)
  redis.call('ZREM', 'pl:leases:' .. kind, id)
  if kind == 'd' then return make_due('d', id, due) end
  local r = get('w', id, 'y', 'a', 'p')
  local key = 'pl:k:' .. r[1]
  local waiting = redis.call('HGET', key, 'o')
  local other = waiting and waiting ~= id and get('w', waiting, 's', 'u', 'a', 'p')
  if other and other[1] == 'o' then
    redis.call('HSET', record('w', waiting), 'u', math.max(due, tonumber(other[2])),
      'a', math.max(tonumber(r[2] or '0'), tonumber(other[3] or '0')),
      'p', join_payloads(r[3], other[4]))
    close('w', id, waiting, 'merged into ' .. waiting)
    return release(id)
  end
  if redis.call('HGET', key, 'r') == id then redis.call('HDEL', key, 'r') end
  redis.call('HSET', key, 'o', id)
  redis.call('EXPIRE', key, KEEP)
  if running(key) then
    redis.call('HSET', record('w', id), 's', 'o', 'u', due)
    put('pl:open:w:' .. redis.call('HGET', record('w', id), 'l'), due, id)
  else
    make_due('w', id, due)
  end
end

local function park(kind, id, note)
  redis.call('ZREM', 'pl:leases:' .. kind, id)
  redis.call('HSET', record(kind, id), 's', 'p', 'x', note)
  redis.call('EXPIRE', record(kind, id), @parked_s@)
  if kind == 'd' then redis.call('EXPIRE', 'pl:b:' .. id, @parked_s@) end
  redis.call('ZADD', 'pl:parked', ms, kind .. ':' .. id)
  redis.call('EXPIRE', 'pl:parked', @parked_s@)
  if kind == 'w' then release(id) end
end

local function backoff(attempts, jitter)
  local wait = math.min(@backoff_max_ms@, @backoff_ms@ * 2 ^ math.min(attempts - 1, 20))
  return math.floor(wait * (0.5 + jitter / 2))
end
