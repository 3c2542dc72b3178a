#!/usr/bin/env python3
"""Records openapi/examples.json: what the sample organisation answers, one for each schema of the contract.

    scripts/examples.py target/release/ratchet

Starts `ratchet demo` with the given program, reads everything that can be read, and keeps of each schema the answer that
says most. Standard library only. Afterwards `ratchet openapi` carries the examples; a test holds each against its schema.
"""

import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    PORT = free.getsockname()[1]
API = f"http://127.0.0.1:{PORT}"
# Each sees what the others do not: the register, one's own work, the settings.
PEOPLE = ["mara", "ines", "tomas", "jonas"]
# Of an array so many items say enough.
ITEMS = 2
# So many records of a kind are looked at whole, those first of which a list says most.
LOOKED_AT = 6
# An example longer than that helps nobody.
LONGEST = 12_000


def ask(path, token=None, body=None):
    """The JSON that is answered, or none."""
    request = urllib.request.Request(API + path, data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            if "json" in answer.headers.get("Content-Type", ""):
                return json.load(answer)
    except urllib.error.HTTPError as refused:
        refused.read()
    return None


def cut(value):
    """The same with short arrays."""
    if isinstance(value, list):
        return [cut(item) for item in value[:ITEMS]]
    if isinstance(value, dict):
        return {name: cut(item) for name, item in value.items()}
    return value


def size(value):
    return len(json.dumps(value))


class Examples:
    def __init__(self, contract):
        self.contract = contract
        self.kept = {}

    def answered(self, operation):
        """The schema of what an operation answers."""
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                return response.get("content", {}).get("application/json", {}).get("schema", {})
        return {}

    def offer(self, schema, answer):
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        if not name or answer is None:
            return
        found = self.contract["components"]["schemas"].get(name, {})
        items = found.get("properties", {}).get("items")
        if isinstance(answer, dict) and items and "next_cursor" in found.get("properties", {}):
            best = sorted(answer["items"], key=size)[-1:]
            for item in best:
                self.offer(items.get("items", {}), item)
            return
        answer = cut(answer)
        if size(answer) > LONGEST:
            return
        # What says most, and of what says as much the first.
        if name not in self.kept or size(answer) > size(self.kept[name]):
            self.kept[name] = answer


def read_all(contract, tokens):
    examples = Examples(contract)
    cases = ask("/v1/nonconformities?state=closed&limit=1", tokens[0])["items"]
    ids = {"/v1/records": [case["reference"] for case in cases]}
    for address in ["/v1/search?q=drawings", "/v1/diff?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z"]:
        read = contract["paths"][address.split("?")[0]]["get"]
        examples.offer(examples.answered(read), ask(address, tokens[0]))
    reads = [(path, item["get"]) for path, item in contract["paths"].items() if "get" in item]
    for path, operation in sorted(reads, key=lambda read: read[0].count("{")):
        needed = [p for p in operation.get("parameters", []) if p.get("required") and p.get("in") == "query"]
        if needed or path.startswith("/v1/report-intakes") or "export" in path or "pack" in path:
            continue
        stem = path.split("/{")[0]
        known = ids.get(stem, []) if "{" in path else [None]
        for token in tokens:
            for one in known[:LOOKED_AT]:
                address = path if one is None else re.sub(r"\{[^}]*\}", str(one), path, count=1)
                if "{" in address:
                    continue
                answer = ask(address, token)
                schema = examples.answered(operation)
                examples.offer(schema, answer)
                if one is None and isinstance(answer, dict) and "items" in answer:
                    items = [item for item in answer["items"] if isinstance(item, dict) and "id" in item]
                    richest = sorted(items, key=size, reverse=True)
                    ids.setdefault(path, [])
                    ids[path] += [item["id"] for item in richest if item["id"] not in ids[path]]
    return examples.kept


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    contract = json.loads((ROOT / "openapi" / "v1.json").read_text())
    with tempfile.TemporaryDirectory() as place:
        server = subprocess.Popen(
            [program, "demo", "--data-dir", place, "--port", str(PORT), "--requests-per-minute", "1000000"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(API + "/readyz", timeout=5).read()
                    break
                except OSError:
                    if server.poll() is not None:
                        sys.exit("the program has ended")
                    time.sleep(0.2)
            else:
                sys.exit("the program does not become ready")
            logins = [
                ask("/v1/auth/login", body={"email": f"{who}@harbour.example", "password": "harbour robotics"})
                for who in PEOPLE
            ]
            kept = read_all(contract, [login["access_token"] for login in logins])
        finally:
            server.terminate()
            server.wait()
    text = json.dumps(kept, indent=2, sort_keys=True, ensure_ascii=False)
    (ROOT / "openapi" / "examples.json").write_text(text + "\n")
    print(f"{len(kept)} examples, {len(text)} bytes")


if __name__ == "__main__":
    main()
