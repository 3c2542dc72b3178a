#!/usr/bin/env python3
"""What real scanners write, sent as weaknesses: Bandit about its own packages, and ESLint where its path is given.

    scripts/scanners.py PROGRAM [NODE_MODULES]

Needs the packages of `scripts/scanners.txt`.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import sysconfig
import tempfile
import urllib.request

PORT = 18482
API = f"http://127.0.0.1:{PORT}"
SCRIPT = "function f(a) { if (a == 1) { var b = eval('2'); } debugger; while (true) {} }\n"


def ask(path, token=None, body=None, kind="application/json"):
    headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(urllib.request.Request(API + path, data=body, headers=headers), timeout=60) as answer:
        return json.load(answer)


def bandit(place):
    log = place / "bandit.sarif"
    code = sysconfig.get_paths()["purelib"]
    subprocess.run([sys.executable, "-m", "bandit", "-q", "-r", f"{code}/pip", "-f", "sarif", "-o", log], check=False)
    return log.read_bytes()


def eslint(place, modules):
    (place / "bad.js").write_text(SCRIPT)
    rules = {name: "error" for name in ("no-eval", "no-debugger", "no-unused-vars", "eqeqeq", "no-constant-condition")}
    (place / "eslint.config.js").write_text(f"module.exports = [{{ rules: {json.dumps(rules)} }}];\n")
    formatter = f"{modules}/@microsoft/eslint-formatter-sarif/sarif.js"
    command = [f"{modules}/.bin/eslint", "-c", place / "eslint.config.js", "-f", formatter, place / "bad.js"]
    return subprocess.run(command, check=False, capture_output=True, cwd=place).stdout


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        logs = {"Bandit": bandit(place)}
        if len(sys.argv) > 2:
            logs["ESLint"] = eslint(place, pathlib.Path(sys.argv[2]).resolve())
        command = [program, "serve", "--data-dir", place / "data", "--port", str(PORT)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RATCHET_")}
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
        wrong = []
        try:
            password = None
            for line in server.stdout:
                found = re.search(r"password\W+(\S{20,})", line, re.IGNORECASE)
                password = found.group(1) if found else password
                if line.startswith("Serving on"):
                    break
            login = {"email": "admin@localhost", "password": password}
            admin = ask("/v1/auth/login", body=json.dumps(login).encode())["access_token"]
            key = {"name": "Pipeline", "scopes": ["weaknesses:write", "records:read"]}
            key = ask("/v1/api-keys", admin, json.dumps(key).encode())["token"]
            for tool, log in logs.items():
                said = json.loads(log)["runs"][0]
                rules = {one["ruleId"] for one in said["results"]}
                query = "/v1/imports/sarif?level_from=note"
                first = ask(query, key, log, "application/sarif+json")
                again = ask(query, key, log, "application/sarif+json")
                print(f"{tool}: {first['counts']}")
                if {one["rule"] for one in first["rules"]} != rules or len(rules) < 3:
                    wrong.append(f"{tool}: {rules}")
                if again["counts"]["known"] != len(rules) or again["counts"]["reported"] or again["not_seen"]:
                    wrong.append(f"{tool}, again: {again['counts']}")
                one = ask(f"/v1/weaknesses/{first['rules'][0]['weakness']['id']}", key)
                print(f"  {one['title']} in {one['found_in']}: {one['scan']['places'][:2]}")
        finally:
            server.terminate()
            server.wait()
    sys.exit("; ".join(wrong) if wrong else 0)


if __name__ == "__main__":
    main()
