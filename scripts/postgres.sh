#!/usr/bin/env bash
# A throw-away PostgreSQL cluster for tests, on a free port of the loopback.
#   scripts/postgres.sh start DIR   prints its URL        scripts/postgres.sh stop DIR   stops and removes it
#   scripts/postgres.sh start DIR --durable   keeps what it acknowledges, for measuring
#   scripts/postgres.sh restart DIR   as if its machine had lost power; prints nothing
#   scripts/postgres.sh halt DIR   away until it is restarted; prints nothing
# The server refuses to run as root: then it runs as the user postgres.
set -euo pipefail

binaries() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }
as_owner() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

directory=${2:?a directory}
bin=$(binaries)
if [ -z "$bin" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql) >&2
    bin=$(binaries)
fi
[ -n "$bin" ] || { echo "PostgreSQL's server programs are missing: install the package postgresql" >&2; exit 1; }

case ${1:?start, restart, halt or stop} in
start)
    mkdir -p "$directory"
    [ "$(id -u)" != 0 ] || chown postgres "$directory"
    cd "$directory"
    as_owner "$bin/initdb" --pgdata="$directory/data" --username=ratchet --auth=trust --encoding=UTF8 --locale=C >/dev/null
    # Tests lose nothing that matters when the machine dies, and each of them has a database of its own for seconds.
    settings="-c fsync=off -c full_page_writes=off -c autovacuum=off -c max_wal_size=4GB"
    [ "${3:-}" != --durable ] || settings="-c fsync=on"
    for _ in 1 2 3 4 5; do
        port=$((20000 + RANDOM % 20000))
        if as_owner "$bin/pg_ctl" --pgdata="$directory/data" --wait --log="$directory/log" \
            --options="-h 127.0.0.1 -p $port -k '' $settings -c max_connections=400" start >/dev/null; then
            echo "postgres://ratchet@127.0.0.1:$port/postgres"
            exit 0
        fi
    done
    tail -n 20 "$directory/log" >&2
    exit 1
    ;;
restart)
    cd /
    as_owner "$bin/pg_ctl" --pgdata="$directory/data" --mode=immediate --wait --log="$directory/log" restart >/dev/null
    ;;
halt)
    cd /
    as_owner "$bin/pg_ctl" --pgdata="$directory/data" --mode=immediate --wait stop >/dev/null
    ;;
stop)
    cd /
    as_owner "$bin/pg_ctl" --pgdata="$directory/data" --mode=immediate stop >/dev/null 2>&1 || true
    rm -rf "$directory"
    ;;
*)
    echo "start, restart, halt or stop" >&2
    exit 2
    ;;
esac
