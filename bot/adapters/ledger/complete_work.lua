-- Mark a work done. ARGV: id, fence, result. Returns 1, or 0 when the lease is lost.
if not held('w', ARGV[1], ARGV[2]) then
  local r = get('w', ARGV[1], 's', 'f')
  return (r[1] == 'd' and r[2] == ARGV[2]) and 1 or 0
end
close('w', ARGV[1], '', ARGV[3])
release(ARGV[1])
return 1
