#!/usr/bin/env bash
# Each fuzz target for so many seconds: fuzz/run.sh SECONDS
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?how many seconds for each target}
rustup run nightly rustc --version >/dev/null 2>&1 || { echo "fuzz: a nightly toolchain is missing: rustup toolchain install nightly" >&2; exit 1; }
cargo fuzz --version >/dev/null 2>&1 || { echo "fuzz: cargo-fuzz is missing: cargo install cargo-fuzz --locked" >&2; exit 1; }
for target in fuzz/fuzz_targets/*.rs; do
    name=$(basename "$target" .rs)
    echo "== $name"
    cargo +nightly fuzz run "$name" -- -max_total_time="$seconds" -max_len=65536 -verbosity=0
done
