#!/usr/bin/env bash
# Long trials, by name: tests of the suite with more rounds, and those that need a tool of their own.
#   scripts/trials.sh            lists them
#   scripts/trials.sh NAME...    runs them, each on a PostgreSQL cluster of its own where it needs one
#   scripts/trials.sh all        runs them all, in about two hours
set -euo pipefail
cd "$(dirname "$0")/.."

names=(kills keys outages uploads races sync fuzz contract clients frontend schemathesis senders webhooks tickets directories oscal scanners times flood)
about() {
    case $1 in
    kills) echo "kill -9 under 16 writers, 20 times on each database; nothing acknowledged is lost" ;;
    keys) echo "one Idempotency-Key through 50 deaths of the server; each request is done once" ;;
    outages) echo "PostgreSQL stopped at once and started 20 times under load; only 503, nothing lost" ;;
    uploads) echo "kill -9 while files are sent, 20 times; no file without a record and no record without its file" ;;
    races) echo "64 writers, 1,000 additions with If-Match on two servers; the total is exact" ;;
    sync) echo "1,000 writes under strace; every 201 comes after the log has reached the disk" ;;
    fuzz) echo "every parser fed with what a fuzzer makes up, a minute each, on a nightly toolchain" ;;
    contract) echo "the contract under two public linters, the events under one; needs npx" ;;
    clients) echo "clients in TypeScript and Python, generated from the contract, spend a day with the API; needs npm, pip" ;;
    frontend) echo "the example frontend, built strictly and walked through in Chromium; needs npm and Chromium; screenshots in target/frontend" ;;
    schemathesis) echo "what Schemathesis makes up out of the contract, as ISMS manager and as auditor; needs pip; about an hour" ;;
    senders) echo "OpenTelemetry's SDKs, clients of InfluxDB and of CloudEvents send to the doors; needs pip, takes npm, Prometheus and vmagent where they are" ;;
    webhooks) echo "the libraries of Standard Webhooks for Python and JavaScript verify what is sent; needs pip and npm" ;;
    tickets) echo "tickets in a Jira Data Center that keeps what it is told; with RATCHET_TICKET_SPECS in GitHub and Jira Cloud as their descriptions have it; needs pip, and npm" ;;
    oscal) echo "what the program writes as OSCAL, read with the models of compliance-trestle, and a plan of theirs, taken over; needs pip" ;;
    scanners) echo "what Bandit and ESLint write as SARIF, sent as weaknesses; needs pip, takes npm" ;;
    directories) echo "SCIM as scim2-tester, a public checker of compliance, finds it; needs pip" ;;
    times) echo "whether the time of an answer tells that a record or a login exists; needs an idle machine" ;;
    flood) echo "64 logins at once for half a minute; nobody else waits, and memory stays; needs an idle machine" ;;
    *) return 1 ;;
    esac
}

# One after the other: they measure how long things take.
tests() {
    cargo test --package ratchet-tests --test suite -- --test-threads 1 "$@"
}

# What is measured is the program as it is built for release.
measured() {
    cargo test --release --package ratchet-tests --test trials -- --test-threads 1 --nocapture "$1"
}

# A script in Python with the packages that a file names, which are thrown away afterwards.
with_packages() {
    local venv status=0
    venv=$(mktemp -d)
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$1"
    "$venv/bin/python" "${@:2}" || status=$?
    rm -r "$venv"
    return "$status"
}

run() {
    case $1 in
    kills) RATCHET_FAULT_CYCLES=20 tests faults::crash::killed_under_load ;;
    keys) RATCHET_FAULT_CYCLES=50 tests faults::crash::a_key_outlives_kills ;;
    outages) RATCHET_FAULT_CYCLES=20 tests faults::away::a_database_that_goes_away_is_waited_for ;;
    uploads) RATCHET_FAULT_CYCLES=20 tests faults::uploads ;;
    races) RATCHET_RACE_ADDITIONS=1000 tests api::races::sixty_four_writers_lose_no_update ;;
    sync)
        if ! command -v strace >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends strace) >&2
        fi
        command -v strace >/dev/null || { echo "sync: strace is missing" >&2; return 1; }
        tests --ignored faults::sync::every_acknowledged_write
        ;;
    fuzz) fuzz/run.sh 60 ;;
    contract)
        command -v npx >/dev/null || { echo "contract: npx is missing (Node.js 20 or newer)" >&2; return 1; }
        npx -y @redocly/cli@2.77.0 lint openapi/v1.json --extends=recommended --format=summary
        rules=$(mktemp --suffix .yaml)
        echo 'extends: ["spectral:oas", "spectral:asyncapi"]' >"$rules"
        npx -y @stoplight/spectral-cli@6.16.3 lint openapi/v1.json openapi/events.json --ruleset "$rules" --fail-severity warn
        rm "$rules"
        ;;
    clients) python3 scripts/clients.py "${CARGO_TARGET_DIR:-target}/debug/ratchet" ;;
    frontend)
        if ! command -v chromium >/dev/null && [ -z "${CHROMIUM:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-dejavu-core) >&2
        fi
        for tool in npm "${CHROMIUM:-chromium}"; do
            command -v "$tool" >/dev/null || { echo "frontend: $tool is missing" >&2; return 1; }
        done
        CHROMIUM=$(command -v "${CHROMIUM:-chromium}") python3 scripts/frontend.py "${CARGO_TARGET_DIR:-target}/debug/ratchet"
        ;;
    schemathesis)
        with_packages tests/clients/schemathesis.txt scripts/conformance.py "${CARGO_TARGET_DIR:-target}/debug/ratchet"
        ;;
    senders)
        venv=$(mktemp -d)
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --requirement scripts/senders.txt
        others=()
        if command -v npm >/dev/null; then
            mkdir "$venv/node"
            cp scripts/senders.json "$venv/node/package.json"
            npm install --silent --prefix "$venv/node"
            others+=(--node "$venv/node")
        fi
        for name in prometheus vmagent; do
            if command -v "$name" >/dev/null; then others+=("--$name" "$(command -v "$name")"); fi
        done
        "$venv/bin/python" scripts/senders.py "${CARGO_TARGET_DIR:-target}/debug/ratchet" "${others[@]}"
        rm -r "$venv"
        ;;
    webhooks)
        place=$(mktemp -d)
        python3 -m venv "$place/venv"
        "$place/venv/bin/pip" install --quiet --requirement scripts/receivers.txt
        npm install --silent --no-audit --no-fund --prefix "$place" standardwebhooks@1.1.1 >&2
        "$place/venv/bin/python" scripts/receivers.py "${CARGO_TARGET_DIR:-target}/debug/ratchet" "$place/node_modules"
        rm -r "$place"
        ;;
    scanners)
        place=$(mktemp -d) modules=()
        if command -v npm >/dev/null; then
            npm install --silent --no-audit --no-fund --prefix "$place" eslint@9.39.1 @microsoft/eslint-formatter-sarif@3.1.0 >&2
            modules=("$place/node_modules")
        fi
        with_packages scripts/scanners.txt scripts/scanners.py "${CARGO_TARGET_DIR:-target}/debug/ratchet" "${modules[@]}"
        rm -r "$place"
        ;;
    oscal) with_packages scripts/oscal.txt scripts/oscal.py "${CARGO_TARGET_DIR:-target}/debug/ratchet" ;;
    tickets)
        place=$(mktemp -d)
        python3 -m venv "$place/venv"
        "$place/venv/bin/pip" install --quiet --requirement scripts/tickets.txt
        specs=()
        if [ -n "${RATCHET_TICKET_SPECS:-}" ]; then
            npm install --silent --no-audit --no-fund --prefix "$place" @stoplight/prism-cli@5.14.2 >&2
            specs=(--specs "$RATCHET_TICKET_SPECS" --prism "$place/node_modules/.bin/prism")
        fi
        "$place/venv/bin/python" scripts/tickets.py "${CARGO_TARGET_DIR:-target}/debug/ratchet" "${specs[@]}"
        rm -r "$place"
        ;;
    directories)
        venv=$(mktemp -d)
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --requirement scripts/directories.txt
        "$venv/bin/python" scripts/directories.py "${CARGO_TARGET_DIR:-target}/debug/ratchet"
        rm -r "$venv"
        ;;
    times) measured existence ;;
    flood) measured hashing ;;
    esac
}

if [ $# = 0 ]; then
    for name in "${names[@]}"; do printf '%-12s %s\n' "$name" "$(about "$name")"; done
    exit 0
fi
[ "$1" != all ] || set -- "${names[@]}"
for name in "$@"; do about "$name" >/dev/null || { echo "no trial is called $name" >&2; exit 2; }; done

cluster=$(mktemp -d)
trap 'scripts/postgres.sh stop "$cluster"' EXIT
RATCHET_TEST_POSTGRES=$(scripts/postgres.sh start "$cluster")
export RATCHET_TEST_POSTGRES
# All of it, as the tests build it: the program alone would have its dependencies built a second time, with fewer of their features.
cargo build --workspace --all-targets
for name in "$@"; do
    echo "== $name: $(about "$name")"
    run "$name"
done
