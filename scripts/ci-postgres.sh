#!/usr/bin/env bash
# Starts or stops a throw-away PostgreSQL on a private socket and a free port, and prints the
# environment variable by which the tests find it:  eval "$(scripts/ci-postgres.sh start)"
set -euo pipefail
state="${TMPDIR:-/tmp}/plumbline-ci-postgres-$(id -u)"
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; else "$@"; fi; }

case "${1:-}" in
start)
  [ -n "$bin" ] || { echo "echo 'no PostgreSQL server programs found; its tests will be skipped'"; exit 0; }
  "$0" stop >/dev/null 2>&1 || true
  rm -rf "$state" && mkdir -p "$state" && chmod 755 "$state"
  [ "$(id -u)" != 0 ] || chown postgres "$state"
  as "$bin/initdb" -D "$state/data" -U plumbline -A trust --no-sync >/dev/null
  as "$bin/pg_ctl" -D "$state/data" -w -l "$state/log" \
    -o "-c listen_addresses='' -c unix_socket_directories='$state' -c port=54329 -c fsync=off" start >/dev/null
  echo "export PLUMBLINE_TEST_POSTGRESQL_URL='postgresql://plumbline@/postgres?host=$state&port=54329'"
  ;;
stop)
  [ -d "$state/data" ] || exit 0
  as "$bin/pg_ctl" -D "$state/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$state"
  ;;
*)
  echo "usage: $0 start|stop" >&2
  exit 2
  ;;
esac
