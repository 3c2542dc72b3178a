#!/usr/bin/env python3
"""What Schemathesis makes up out of the contract, good and bad, is answered as the contract says.

    scripts/conformance.py PROGRAM [--minutes N] [--seeds 1,2,3] [--on sqlite,postgres] [ARGUMENTS OF THE TOOL]

Serves the sample organisation and calls it as its ISMS manager and as its auditor; each seed gets N minutes (5). What is
switched off, and why, stands in `tests/clients/schemathesis.toml`. Needs the package of `tests/clients/schemathesis.txt`.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

from served import served

ROOT = pathlib.Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "tests/clients/schemathesis.toml"
CONTRACT = ROOT / "openapi/v1.json"
TOOL = pathlib.Path(sys.executable).with_name("schemathesis")
PASSWORD = "harbour robotics"
CALLERS = {"ISMS manager": "mara@harbour.example", "auditor": "adeyemi@harbour.example"}


def call(address, email, seed, minutes, more):
    """One run of the tool; whether it found nothing."""
    environment = os.environ | {
        "RATCHET_ADDRESS": address, "RATCHET_EMAIL": email, "RATCHET_PASSWORD": PASSWORD,
        # The hooks that the settings name.
        "PYTHONPATH": str(SETTINGS.parent), "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [TOOL, "--config-file", SETTINGS, "run", CONTRACT, "--seed", str(seed), "--max-time", str(60 * minutes), *more]
    # What the tool keeps for its next run is not wanted in the repository.
    with tempfile.TemporaryDirectory() as place:
        return subprocess.run(command, env=environment, cwd=place).returncode == 0


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("program", type=lambda path: pathlib.Path(path).resolve())
    asked.add_argument("--minutes", type=int, default=5)
    asked.add_argument("--seeds", type=lambda text: text.split(","), default=["1", "2", "3"])
    asked.add_argument("--on", type=lambda text: text.split(","), default=["sqlite", "postgres"])
    given, more = asked.parse_known_args()
    if not TOOL.exists():
        sys.exit(f"schemathesis: {TOOL} is missing: pip install --requirement tests/clients/schemathesis.txt")
    failed = []
    for kind in given.on:
        with served(given.program, kind, "demo") as server:
            for caller, email in CALLERS.items():
                for seed in given.seeds:
                    print(f"== {caller} on {kind}, seed {seed}", flush=True)
                    if not call(server.address, email, seed, given.minutes, more):
                        failed.append(f"{caller} on {kind}, seed {seed}")
            failed += [f"the server's log on {kind}: {line}" for line in server.broken()]
    print("\n".join(f"FAILED  {line}" for line in failed) or "nothing was found")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
