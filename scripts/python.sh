#!/usr/bin/env bash
# The Python packages of tests/requirements.txt in a directory of their own.
#   scripts/python.sh DIR   installs what is not there yet; DIR then goes into PYTHONPATH
set -euo pipefail
cd "$(dirname "$0")/.."
directory=${1:?a directory}
wanted=tests/requirements.txt
if cmp -s "$wanted" "$directory/requirements.txt"; then exit 0; fi
if ! python3 -m pip --version >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 python3-pip) >&2
fi
python3 -m pip --version >/dev/null 2>&1 || { echo "Python's pip is missing: install the package python3-pip" >&2; exit 1; }
# Made beside its place and moved there whole, so that another run never finds half of it.
mkdir -p "$(dirname "$directory")"
fresh=$(mktemp -d "$directory.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
python3 -m pip install --quiet --no-warn-conflicts --root-user-action=ignore --disable-pip-version-check \
    --target "$fresh" --requirement "$wanted" >&2
cp "$wanted" "$fresh/requirements.txt"
rm -rf "$directory"
mv --no-target-directory "$fresh" "$directory" 2>/dev/null || cmp -s "$wanted" "$directory/requirements.txt"
