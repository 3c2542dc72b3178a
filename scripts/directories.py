#!/usr/bin/env python3
"""SCIM as a public checker of compliance finds it (scim2-tester).

    scripts/directories.py PROGRAM

Starts the program on a port of its own, and gives the checker an API key for directories. Needs the packages of
`scripts/directories.txt`.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request
import uuid

import scim2_tester.checkers.patch_add
import scim2_tester.checkers.patch_replace
import scim2_tester.filling
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

PORT = 18479
API = f"http://127.0.0.1:{PORT}"
by_chance = scim2_tester.filling.generate_random_value


def ask(path, token=None, body=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(API + path, data=data, headers=headers), timeout=10) as answer:
        return json.load(answer)


def by_chance_or_address(context, path, *more, **named):
    """A userName is an e-mail address here, which no schema can say."""
    value = by_chance(context, path, *more, **named)
    is_address = str(path).lower().endswith("username") and value is not None
    return f"{uuid.uuid4()}@directory.example" if is_address else value


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    for module in (scim2_tester.filling, scim2_tester.checkers.patch_add, scim2_tester.checkers.patch_replace):
        module.generate_random_value = by_chance_or_address
    with tempfile.TemporaryDirectory() as place:
        command = [program, "serve", "--data-dir", place, "--port", str(PORT), "--requests-per-minute", "100000"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RATCHET_")}
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
        try:
            password = None
            for line in server.stdout:
                found = re.search(r"password\W+(\S{20,})", line, re.IGNORECASE)
                password = found.group(1) if found else password
                if line.startswith("Serving on"):
                    break
            admin = ask("/v1/auth/login", body={"email": "admin@localhost", "password": password})["access_token"]
            key = ask("/v1/api-keys", admin, {"name": "Directory", "scopes": ["members:provision"]})["token"]
            http = Client(base_url=f"{API}/v1/scim/v2/", headers={"Authorization": f"Bearer {key}"})
            # Groups are the roles: there are six, and no directory makes or removes one.
            results = check_server(SyncSCIMClient(http), resource_types=["User"])
        finally:
            server.terminate()
            server.wait()
    for result in results:
        print(f"{result.status.name:10} {result.title}: {result.reason or ''}")
    wrong = [result for result in results if result.status not in (Status.SUCCESS, Status.SKIPPED)]
    print(f"{len(results)} checks, {len(wrong)} failed")
    sys.exit(1 if wrong or len(results) < 20 else 0)


if __name__ == "__main__":
    main()
