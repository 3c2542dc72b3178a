#!/usr/bin/env python3
"""Measures a few figures of the machine it runs on and sends them, as cron would have it. Standard library only.

    collect.py figures                       print what would be sent
    collect.py define --owner MEMBER         define the indicators once, as drafts (a token that may)
    collect.py send                          measure and send (a token or an API key that may record measurements)

RATCHET_URL and RATCHET_TOKEN say where and as whom; RATCHET_TOKEN_FILE names a file instead, which `ps` and logs do not show.
What cannot be measured here is left out and said on standard error: a figure that is missing is a signal, a wrong one is not.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

UPDATES, LOGINS, ENCRYPTED, CERTIFICATE = "security updates", "failed logins", "encrypted disks", "certificate"

# What each figure is, as the register asks for it: [9.1] what, how, when.
INDICATORS = {
    UPDATES: {
        "name": "Security updates that wait",
        "information_need": "How many known holes stand open on our machines [A.8.8]",
        "unit": "packages",
        "value_kind": "gauge",
        "goal": {"direction": "lower_is_better", "target": 0, "warning": 5, "critical": 20},
        "method": "Packages for which the distribution's security archive has a newer version",
        "frequency": "daily",
        "requirements": ["A.8.8"],
    },
    LOGINS: {
        "name": "Failed logins in a day",
        "information_need": "Whether somebody tries passwords on our machines [A.8.5, A.8.15]",
        "unit": "logins",
        "value_kind": "gauge",
        "goal": {"direction": "lower_is_better", "target": 10, "warning": 100, "critical": 1000},
        "method": "Refused logins in the system's journal or authentication log within 24 hours",
        "frequency": "daily",
        "requirements": ["A.8.5", "A.8.15"],
    },
    ENCRYPTED: {
        "name": "Share of encrypted disks",
        "information_need": "Whether a stolen disk tells what it holds [A.7.14, A.8.24]",
        "unit": "share",
        "value_kind": "ratio",
        "goal": {"direction": "higher_is_better", "target": 1, "warning": 0.95, "critical": 0.8},
        "method": "Mounted file systems on disks that lie on dm-crypt, of all of them",
        "frequency": "daily",
        "requirements": ["A.8.24"],
    },
    CERTIFICATE: {
        "name": "Days until a certificate expires",
        "information_need": "Whether a service will stop being believed [A.8.24]",
        "unit": "days",
        "value_kind": "gauge",
        "goal": {"direction": "higher_is_better", "target": 30, "warning": 20, "critical": 7},
        "method": "The end of validity in each certificate file named with --certificate",
        "frequency": "daily",
        "requirements": ["A.8.24"],
    },
}


class Missing(Exception):
    """A figure that cannot be measured here."""


def output(*command):
    """What a program prints."""
    if not shutil.which(command[0]):
        raise Missing(f"there is no {command[0]}")
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if ran.returncode:
        raise Missing(f"{command[0]}: {ran.stderr.strip()[:200]}")
    return ran.stdout


def security_updates(_):
    lines = output("apt-get", "--simulate", "-o", "Debug::NoLocking=true", "dist-upgrade").splitlines()
    waiting = [line for line in lines if line.startswith("Inst ") and re.search(r"[Ss]ecurity", line)]
    yield {"value": len(waiting)}


def failed_logins(_):
    try:
        lines = output("journalctl", "--quiet", "--since", "-24h", "--output", "cat", "--facility", "auth,authpriv")
        text = lines
    except Missing:
        log = pathlib.Path("/var/log/auth.log")
        if not log.is_file():
            raise Missing("neither a journal nor /var/log/auth.log") from None
        if datetime.datetime.now().timestamp() - log.stat().st_mtime > 86400:
            raise Missing("/var/log/auth.log has not been written for a day") from None
        text = log.read_text(errors="replace")
    yield {"value": len(re.findall(r"Failed password|authentication failure|FAILED LOGIN", text))}


def encrypted_disks(_):
    blocks = json.loads(output("lsblk", "--json", "--output", "NAME,TYPE,MOUNTPOINT"))["blockdevices"]

    def mounted(block, encrypted=False):
        encrypted = encrypted or block["type"] == "crypt"
        if block.get("mountpoint") and block["type"] != "loop" and block["mountpoint"] != "[SWAP]":
            yield encrypted
        for child in block.get("children", []):
            yield from mounted(child, encrypted)

    found = [encrypted for block in blocks for encrypted in mounted(block)]
    if not found:
        raise Missing("no mounted disk is to be seen")
    yield {"numerator": sum(found), "denominator": len(found)}


def certificates(options):
    if not options.certificate:
        raise Missing("no --certificate is named")
    for path in options.certificate:
        ends = output("openssl", "x509", "-noout", "-enddate", "-in", path).strip().removeprefix("notAfter=")
        days = (ssl.cert_time_to_seconds(ends) - datetime.datetime.now().timestamp()) / 86400
        yield {"value": round(days, 2), "dimensions": {"certificate": pathlib.Path(path).name}}


MEASURES = {
    UPDATES: security_updates,
    LOGINS: failed_logins,
    ENCRYPTED: encrypted_disks,
    CERTIFICATE: certificates,
}


def figures(options):
    """Everything that can be measured here, under the indicator's name."""
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    host = options.host or os.uname().nodename
    for key, measure in MEASURES.items():
        try:
            for figure in measure(options):
                dimensions = {"host": host, **figure.pop("dimensions", {})}
                yield key, {"observed_at": now, "dimensions": dimensions, **figure}
        except (Missing, OSError, ValueError, subprocess.TimeoutExpired) as reason:
            print(f"{INDICATORS[key]['name']}: left out, {reason}", file=sys.stderr)


def call(method, path, body=None, media_type="application/json"):
    """One request; what it answers."""
    token = os.environ.get("RATCHET_TOKEN")
    if not token and os.environ.get("RATCHET_TOKEN_FILE"):
        token = pathlib.Path(os.environ["RATCHET_TOKEN_FILE"]).read_text().strip()
    if not token:
        sys.exit("RATCHET_TOKEN or RATCHET_TOKEN_FILE must say as whom to send")
    url = os.environ.get("RATCHET_URL", "http://127.0.0.1:8080").rstrip("/") + path
    headers = {"Authorization": f"Bearer {token}", "Content-Type": media_type}
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode(errors='replace')[:1000]}")
    except OSError as error:
        sys.exit(f"{method} {path}: {error}")


def known():
    """The references of the indicators that stand in the register, by name."""
    found, cursor = {}, ""
    while cursor is not None:
        page = call("GET", f"/v1/indicators?limit=200&state=draft,active{cursor}")
        found.update({item["name"]: item["reference"] for item in page["items"]})
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    return found


def define(options):
    there = known()
    for indicator in INDICATORS.values():
        if indicator["name"] in there:
            print(f"{there[indicator['name']]}  {indicator['name']} (stands already)")
            continue
        people = {"owner_id": options.owner, "collector_id": options.owner, "analyst_id": options.owner}
        draft = {**indicator, **people, "data_source": "examples/collector", "analysis_interval": "monthly"}
        made = call("POST", "/v1/indicators", json.dumps(draft).encode())
        print(f"{made['reference']}  {made['name']}")
    print("Activate each: POST /v1/indicators/{id}/activate")


def send(options):
    there = known()
    lines = []
    for key, figure in figures(options):
        reference = there.get(INDICATORS[key]["name"])
        if reference:
            lines.append(json.dumps({"indicator": reference, **figure}))
        else:
            print(f"{INDICATORS[key]['name']}: no such indicator, run define", file=sys.stderr)
    if not lines:
        sys.exit("there is nothing to send")
    answer = call("POST", "/v1/measurements?source=collector", "\n".join(lines).encode(), "application/x-ndjson")
    print(json.dumps(answer["counts"]))
    for refused in answer["refused"]:
        print(f"refused: {refused['pointer']} {refused['detail']}", file=sys.stderr)
    if answer["refused"]:
        sys.exit(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["figures", "define", "send"])
    parser.add_argument("--owner", help="with define: the id of the member who answers for them")
    parser.add_argument("--host", help="the name under which this machine's figures stand (its own without it)")
    parser.add_argument("--certificate", action="append", metavar="PEM", help="a certificate to watch; may be repeated")
    options = parser.parse_args()
    if options.what == "define":
        if not options.owner:
            parser.error("define needs --owner")
        define(options)
    elif options.what == "send":
        send(options)
    else:
        for key, figure in figures(options):
            print(json.dumps({"indicator": INDICATORS[key]["name"], **figure}))


if __name__ == "__main__":
    main()
