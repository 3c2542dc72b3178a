#!/usr/bin/env python3
"""What OSCAL says of the documents that the program writes (compliance-trestle has the models of OSCAL 1.1.3).

    scripts/oscal.py PROGRAM

Serves the sample organisation, and reads the plan of action and the results of each audit with these models, which refuse
what OSCAL does not know. Needs the packages of `scripts/oscal.txt`.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

from trestle.oscal import OSCAL_VERSION
from trestle.oscal.assessment_results import Model as Results
from trestle.oscal.poam import Model as Plan

PORT = 18481
API = f"http://127.0.0.1:{PORT}"


def ask(path, token=None, body=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(API + path, data=data, headers=headers), timeout=60) as answer:
        return json.load(answer)


def checked(model, document):
    """Read and written again it says the same; what a model does not know it refuses."""
    again = json.loads(model.parse_obj(document).json(by_alias=True, exclude_none=True))
    for name, member in document.items():
        lost = set(member) - set(again[name])
        if lost:
            sys.exit(f"{name} lost {lost}")


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as place:
        command = [program, "demo", "--data-dir", place, "--port", str(PORT)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RATCHET_")}
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
        try:
            for line in server.stdout:
                if line.startswith("Serving on"):
                    break
            login = {"email": "mara@harbour.example", "password": "harbour robotics"}
            token = ask("/v1/auth/login", body=login)["access_token"]
            plan = ask("/v1/plan-of-action", token)
            checked(Plan, plan)
            items = len(plan["plan-of-action-and-milestones"]["poam-items"])
            print(f"plan of action: {items} items, OSCAL {OSCAL_VERSION}")
            audits = ask("/v1/audits?limit=100", token)["items"]
            for audit in audits:
                results = ask(f"/v1/audits/{audit['id']}/assessment-results", token)
                checked(Results, results)
                result = results["assessment-results"]["results"][0]
                seen, found = len(result.get("observations", [])), len(result.get("findings", []))
                print(f"{audit['reference']} {audit['state']}: {seen} observations, {found} findings")
        finally:
            server.terminate()
            server.wait()
    sys.exit(0 if items > 2 and len(audits) > 2 else 1)


if __name__ == "__main__":
    main()
