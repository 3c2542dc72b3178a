#!/usr/bin/env python3
"""What OSCAL says of the documents that the program writes (compliance-trestle has the models of OSCAL 1.1.3).

    scripts/oscal.py PROGRAM

Serves the sample organisation, and reads the plan of action and the results of each audit with these models, which refuse
what OSCAL does not know; then sends a plan that is made of these models, twice. Needs the packages of `scripts/oscal.txt`.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone

from trestle.oscal import OSCAL_VERSION, common, poam
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


def made():
    """A plan with an item, its risk, and a task of a month, written by the models."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    deadline, name = now + timedelta(days=30), lambda: str(uuid.uuid4())
    within = common.WithinDateRange(start=now, end=deadline)
    task = common.Task(
        uuid=name(), type="action", title="Turn keys over", timing=common.Timing(within_date_range=within))
    risk = common.Risk(
        uuid=name(), title="Old keys", description="12 of 40 keys are older than a year",
        statement="Keys are not turned over", status="open", deadline=deadline,
        remediations=[common.Response(
            uuid=name(), lifecycle="planned", title="Rotation", description="By a job", tasks=[task])])
    item = poam.PoamItem(
        uuid=name(), title="Keys are old", description="Access keys are never changed",
        related_risks=[common.RelatedRisk(risk_uuid=risk.uuid)])
    metadata = common.Metadata(title="Cloud", last_modified=now, version="1", oscal_version=OSCAL_VERSION)
    plan = poam.PlanOfActionAndMilestones(
        uuid=name(), metadata=metadata, system_id=common.SystemId(id="cloud"), risks=[risk], poam_items=[item])
    return json.loads(Plan(plan_of_action_and_milestones=plan).json(by_alias=True, exclude_none=True))


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
            theirs = made()
            taken = [ask("/v1/imports/plan-of-action", token, one)["counts"] for one in (theirs, theirs, plan)]
            print("taken over, again, and our own:", *taken)
            once = [counts["nonconformities"] + counts["actions"] for counts in taken]
        finally:
            server.terminate()
            server.wait()
    sys.exit(0 if items > 2 and len(audits) > 2 and once == [2, 0, 0] else 1)


if __name__ == "__main__":
    main()
