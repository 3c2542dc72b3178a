#!/usr/bin/env bash
# Each fuzz target, or those that are named, for so many seconds: fuzz/run.sh SECONDS [TARGET...]
# Installs a nightly toolchain and cargo-fuzz where they are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?how many seconds for each target}
shift
rustup run nightly rustc --version >/dev/null 2>&1 || rustup toolchain install nightly --profile minimal >&2
cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked >&2
# The very versions that the product is built with.
cp Cargo.lock fuzz/Cargo.lock
if [ $# = 0 ]; then
    for target in fuzz/fuzz_targets/*.rs; do set -- "$@" "$(basename "$target" .rs)"; done
fi
for target in "$@"; do
    echo "== $target"
    # What is found goes into the first directory, beside what was begun with.
    mkdir -p "fuzz/corpus/$target"
    cargo +nightly fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -max_len=65536 -timeout=10 -verbosity=0 -print_final_stats=1
done
