#!/usr/bin/env bash
# Every test, on SQLite and on a PostgreSQL cluster of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_BUILD_JOBS=${CARGO_BUILD_JOBS:-2}
cluster=$(mktemp -d)
trap 'scripts/postgres.sh stop "$cluster"' EXIT
RATCHET_TEST_POSTGRES=$(scripts/postgres.sh start "$cluster")
export RATCHET_TEST_POSTGRES
# Faults are tried on the program itself, which the tests look for beside themselves. All of it at once: the program alone
# would have its dependencies built a second time, with fewer of their features.
cargo build --workspace --all-targets
cargo test --workspace --no-fail-fast "$@"
