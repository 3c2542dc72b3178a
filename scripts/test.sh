#!/usr/bin/env bash
# Every test, on SQLite and on a PostgreSQL cluster of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_BUILD_JOBS=${CARGO_BUILD_JOBS:-2}
# In memory where there is room: each test makes and drops a database, which is a thousand files.
room=$(df --output=avail /dev/shm 2>/dev/null | tail -n 1 || true)
if [ "${room:-0}" -gt 4000000 ]; then cluster=$(mktemp -d -p /dev/shm); else cluster=$(mktemp -d); fi
trap 'scripts/postgres.sh stop "$cluster"' EXIT
RATCHET_TEST_POSTGRES=$(scripts/postgres.sh start "$cluster")
export RATCHET_TEST_POSTGRES
# Faults are tried on the program itself, which the tests look for beside themselves. All of it at once: the program alone
# would have its dependencies built a second time, with fewer of their features.
cargo build --workspace --all-targets
cargo test --workspace --no-fail-fast "$@"
