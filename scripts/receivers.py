#!/usr/bin/env python3
"""Webhooks verified by the public libraries of Standard Webhooks, for Python and for JavaScript.

    scripts/receivers.py PROGRAM NODE_MODULES

Starts the program on a port of its own, and receives what it sends. Needs the packages of `scripts/receivers.txt`, and
`standardwebhooks` of npm in the directory NODE_MODULES.
"""

import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from standardwebhooks import Webhook, WebhookVerificationError

PORT = 18478
API = f"http://127.0.0.1:{PORT}"


def ask(path, token=None, body=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(API + path, data=data, headers=headers), timeout=10) as answer:
        return json.load(answer)


class Receiver(http.server.BaseHTTPRequestHandler):
    got = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def wait(count):
    for _ in range(200):
        if len(Receiver.got) >= count:
            return Receiver.got[count - 1]
        time.sleep(0.1)
    sys.exit(f"{len(Receiver.got)} messages instead of {count}")


def verified_by_javascript(modules, secret, headers, body):
    line = json.dumps({"secret": secret, "headers": headers, "body": body.decode()})
    here = pathlib.Path(__file__).with_name("receivers.mjs")
    copy = pathlib.Path(modules).parent / "receivers.mjs"
    copy.write_bytes(here.read_bytes())
    told = subprocess.run(["node", copy], input=line, capture_output=True, text=True, check=False)
    if told.returncode:
        sys.exit(f"JavaScript: {told.stderr}")
    return told.stdout.strip()


def verified(modules, secrets, headers, body):
    """By both libraries, with each secret; and by neither with another, or of another body."""
    event = json.loads(body)
    for secret in secrets:
        assert Webhook(secret).verify(body, headers) == event
        assert verified_by_javascript(modules, secret, headers, body) == event["id"]
    for secret, text in ((secrets[0], body + b" "), ("whsec_" + "B" * 44, body)):
        try:
            Webhook(secret).verify(text, headers)
        except WebhookVerificationError:
            continue
        sys.exit("a message was taken that nobody has sent")
    print(f"{event['type']}: verified with {len(secrets)} secret(s)")


def main():
    program, modules = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as place:
        command = [program, "serve", "--data-dir", place, "--port", str(PORT), "--webhook-allow", "127.0.0.0/8"]
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
            url = f"http://127.0.0.1:{receiver.server_port}/hook"
            made = ask("/v1/webhook-endpoints", admin, {
                "url": url, "description": "Receivers", "events": ["*"], "payload": "full"})
            path = f"/v1/webhook-endpoints/{made['id']}"
            # That it was registered is the first event.
            verified(modules, [made["secret"]], *wait(1))
            rotated = ask(f"{path}/rotate-secret", admin, {})
            verified(modules, [rotated["secret"], made["secret"]], *wait(2))
            ask("/v1/nonconformities", admin, {
                "title": "Späte Patches", "statement": "Überfällig – 14 Tage", "objective_evidence": "79 %",
                "source": "indicator", "due_on": "2030-01-31"})
            verified(modules, [rotated["secret"], made["secret"]], *wait(3))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
