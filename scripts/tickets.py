#!/usr/bin/env python3
"""Drives tickets in systems that share no code with the program.

  scripts/tickets.py PROGRAM [--specs DIRECTORY --prism PRISM]

A Jira Data Center that keeps what it is told (jira820, of PyPI) is driven both ways. With --specs and --prism, requests to GitHub and
to Jira Cloud are held against the vendors' own descriptions, `github-issues.json` and `jira-issues.json`, by Prism: that proves the
shape of what is asked, and nothing of what comes of it. A request that is wrong must be refused first.
"""

import argparse
import hashlib
import hmac
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 60


def ask(method, url, body=None, headers=None):
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"content-type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text, status = answer.read(), answer.status
    except urllib.error.HTTPError as error:
        text, status = error.read(), error.code
    try:
        return status, json.loads(text) if text else None
    except ValueError:
        return status, text.decode(errors="replace")


def until(what, holds):
    began = time.monotonic()
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() - began < PATIENCE, f"not within {PATIENCE} s: {what}"
        time.sleep(0.3)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def running(command, **more):
    process = subprocess.Popen(command, **more)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


class Program:
    """The program, with one member who may do everything."""

    def __init__(self, process):
        password = None
        for line in process.stdout:
            password = password or (re.search(r"password\s+(\S+)", line) or [None, None])[1]
            if line.strip().startswith("Serving on "):
                self.url = line.strip().removeprefix("Serving on ")
                break
        login = {"email": "admin@localhost", "password": password}
        self.token = until("a login", lambda: ask("POST", f"{self.url}/v1/auth/login", login)[1].get("access_token"))
        self.me = self.get("me")["member_id"]

    def call(self, method, path, body=None, **headers):
        headers["authorization"] = f"Bearer {self.token}"
        status, told = ask(method, f"{self.url}/v1/{path}", body, headers)
        assert status < 300, f"{method} {path}: {status} {told}"
        return told

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body):
        return self.call("POST", path, body)

    def action(self, title):
        case = {
            "title": "Patches are late", "statement": "Critical patches are not installed within 14 days",
            "objective_evidence": "79 % in week 12", "source": "indicator", "due_on": "2027-01-31",
        }
        case = self.post("nonconformities", case)["reference"]
        self.post(f"nonconformities/{case}/confirm", {"grade": "major", "owner_id": self.me})
        action = {
            "parent": case, "title": title, "description": "The agent is missing\nin image 41", "kind": "corrective",
            "assignee_id": self.me, "due_on": "2027-01-15",
        }
        return self.post("actions", action)["reference"]

    def ticket(self, action, what, holds):
        def look():
            seen = self.get(f"actions/{action}")
            return seen if holds(seen, seen["ticket"]) else None

        try:
            return until(what, look)
        except AssertionError:
            print(json.dumps(self.get(f"actions/{action}")["ticket"], indent=2), file=sys.stderr)
            raise


def jira_data_center(program):
    port = free_port()
    env = {**os.environ, "JIRA820_PORT": str(port)}
    server = [sys.executable, "-c", "from jira820.cli import main; main()"]
    with running(server, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        base = f"http://127.0.0.1:{port}"

        def answers():
            try:
                return ask("GET", f"{base}/rest/api/2/project")[0] == 200
            except OSError:
                return False

        until("Jira", answers)
        refused, told = ask("POST", f"{base}/rest/api/2/issue", {"fields": {"project": {"key": "JIRA820"}, "issuetype": {"name": "Task"}}})
        assert refused == 400 or "errors" in (told or {}), f"an issue without a summary is taken: {refused} {told}"
        connection = program.post("ticket-connections", {
            "description": "Jira", "kind": "jira_data_center", "base_url": base, "project": "JIRA820",
            "credentials": {"secret": "a personal access token"}, "people": [{"member_id": program.me, "name": "alice"}],
            "statuses": [
                {"status": "Open", "category": "to_do"}, {"status": "Reopened", "category": "to_do"},
                {"status": "In Progress", "category": "in_progress"}, {"status": "Done", "category": "done"},
            ],
        })
        checked = program.post(f"ticket-connections/{connection['id']}/check", {})
        missing = [finding for finding in checked["findings"] if not finding["is_sound"]]
        print("  check:", checked["findings"])
        assert all("Reopened" in finding["detail"] for finding in missing), missing
        action = program.action("Put the update agent into the laptop image")
        program.post(f"actions/{action}/ticket", {"connection": connection["reference"]})
        seen = program.ticket(action, "made", lambda _, ticket: ticket["status"] == "Open")
        key = seen["ticket"]["key"]
        issue = lambda: ask("GET", f"{base}/rest/api/2/issue/{key}")[1]["fields"]
        assert issue()["summary"] == "Put the update agent into the laptop image"
        assert (issue()["duedate"], issue()["assignee"]["name"]) == ("2027-01-15", "alice")
        program.post(f"actions/{action}/move-due", {"due_on": "2027-01-20", "reason": "The vendor is late"})
        until("another day", lambda: issue()["duedate"] == "2027-01-20")
        _, known = ask("GET", f"{base}/rest/api/2/issue/{key}/transitions")
        done = next(one["id"] for one in known["transitions"] if one["to"]["name"] == "Done")
        status, told = ask("POST", f"{base}/rest/api/2/issue/{key}/transitions", {"transition": {"id": done}})
        assert status == 204, told
        body = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"key": key}}).encode()
        signature = "sha256=" + hmac.new(connection["secret"].encode(), body, hashlib.sha256).hexdigest()
        status, told = ask("POST", program.url + connection["inbound_path"], body, {"x-hub-signature": signature})
        assert status == 204, told
        program.ticket(action, "proposed", lambda seen, ticket: ticket["proposes"] == "done" and seen["state"] == "open")
        program.post(f"actions/{action}/complete", {"summary": "Image 42 has it"})
        program.ticket(action, "agreed", lambda _, ticket: ticket["differences"] == [])
        program.post(f"actions/{action}/reject-completion", {"reason": "Two laptops do not report"})
        until("open again", lambda: issue()["status"]["name"] == "In Progress")
    print("Jira Data Center: made, changed, closed, confirmed, reopened")


def described(program, prism, spec, kind, project, statuses, wrong, key):
    """By a mock of the vendor's description: every request that the program makes is one that it knows."""
    port = free_port()
    log = tempfile.TemporaryFile("w+")
    with running(["node", prism, "mock", "-h", "127.0.0.1", "-p", str(port), spec], stdout=log, stderr=log):
        base = f"http://127.0.0.1:{port}"
        path, body = wrong

        def refused():
            try:
                return ask("POST", base + path, body, {"authorization": "Bearer x", "accept": "application/json"})[0]
            except OSError:
                return None

        status = until("the mock", refused)
        assert status in (400, 422), f"{kind}: the mock takes what is wrong ({status}), and proves nothing"
        connection = program.post("ticket-connections", {
            "description": kind, "kind": kind, "base_url": base, "project": project, "statuses": statuses,
            "credentials": {"user": "a@example.org", "secret": "a token"}, "people": [], "poll_seconds": 10,
        })
        action = program.action(f"Put the update agent into the image ({kind})")
        program.post(f"actions/{action}/ticket", {"connection": connection["reference"], "key": key})
        program.ticket(action, "compared", lambda _, ticket: ticket["synced_at"] or ticket["last_error"])
        second = program.action(f"Renew the certificate ({kind})")
        program.post(f"actions/{second}/ticket", {"connection": connection["reference"]})
        program.ticket(second, "compared", lambda _, ticket: ticket["synced_at"] or ticket["last_error"])
        time.sleep(12)
        log.seek(0)
        said = re.sub(r"\x1b\[[0-9;]*m", "", log.read())
        requests = [line for line in said.splitlines() if "Request received" in line]
        # The first was wrong on purpose.
        bad = [line for line in said.splitlines() if "Violation: request" in line]
        for line in requests:
            print("  ", line.split("›")[-1].strip()[:120])
        for line in bad:
            print("  violation:", line.split("›")[-1].strip()[:200])
        after = said.split("Request received", 2)[2] if len(requests) > 1 else ""
        assert requests[1:] and "Violation: request" not in after, f"{kind}: the description knows no such request"
    print(f"{kind}: {len(requests) - 1} requests, each as the vendor describes it")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--specs", type=Path)
    parser.add_argument("--prism")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        command = [
            arguments.program, "--data-dir", data, "--port", "0", "--webhook-allow", "127.0.0.0/8",
            "--requests-per-minute", "1000000", "serve",
        ]
        with running(command, stdout=subprocess.PIPE, text=True, env={"RATCHET_LOG": "warn"}) as process:
            program = Program(process)
            jira_data_center(program)
            if not arguments.prism or not arguments.specs:
                print("GitHub and Jira Cloud: left out, without --specs and --prism")
                return
            github = [{"status": "open", "category": "to_do"}, {"status": "completed", "category": "done"}]
            wrong = ("/repos/octocat/Hello-World/issues", {"titel": 1})
            described(program, arguments.prism, arguments.specs / "github-issues.json", "github", "octocat/Hello-World", github, wrong, "1347")
            jira = [{"status": "To Do", "category": "to_do"}, {"status": "Done", "category": "done"}]
            wrong = ("/rest/api/3/search/jql", {"jql": 1})
            described(program, arguments.prism, arguments.specs / "jira-issues.json", "jira_cloud", "SEC", jira, wrong, "SEC-1")


if __name__ == "__main__":
    main()
