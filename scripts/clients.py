#!/usr/bin/env python3
"""The contract proved by clients that are generated from it: compiled strictly, then a day with a server on each database.

    scripts/clients.py PROGRAM [sqlite|postgres]...

Needs Python 3.11 and Node.js 20, and what `tests/clients` names of PyPI and npm, which is installed into a directory that is
removed at the end. Nothing that is generated is kept.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

from served import served

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONTRACT = ROOT / "openapi/v1.json"
CLIENTS = ROOT / "tests/clients"


def missing():
    """What cannot be installed by name, in words."""
    if sys.version_info < (3, 11):
        yield f"Python 3.11 or newer, for this is {sys.version.split()[0]}"
    for tool in ("node", "npm", "npx"):
        if not shutil.which(tool):
            yield f"{tool} (Node.js 20 or newer)"
            return
    version = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < 20:
        yield f"Node.js 20 or newer, for this is {version}"


class TypeScript:
    """`openapi-typescript` writes the types, `openapi-fetch` is typed by them, `tsc` is strict, Node.js runs it."""

    name = "TypeScript"

    def __init__(self, place):
        self.place = shutil.copytree(CLIENTS / "typescript", place / "typescript")

    def install(self):
        return [["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]]

    def generate(self):
        return [["npx", "openapi-typescript", CONTRACT, "--output", "contract.d.ts"]]

    def compile(self):
        return [["npx", "tsc", "--project", "."]]

    def journey(self, address, password):
        return ["node", "built/journey.js", address, password]


class Python:
    """`openapi-python-client` writes the client, `mypy` is strict with it and with what uses it."""

    name = "Python"

    def __init__(self, place):
        self.place = shutil.copytree(CLIENTS / "python", place / "python")
        self.bin = place / "venv/bin"

    def install(self):
        return [[sys.executable, "-m", "venv", self.bin.parent],
                [self.bin / "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"]]

    def generate(self):
        return [[self.bin / "openapi-python-client", "generate", "--path", CONTRACT, "--meta", "none",
                 "--output-path", "contract", "--config", "generator.yaml"]]

    def compile(self):
        return [[self.bin / "python", "-m", "compileall", "-q", "contract"],
                [self.bin / "mypy", "contract", "journey.py"]]

    def journey(self, address, password):
        return [self.bin / "python", "journey.py", address, password]


def succeeds(client, what, commands):
    """Whether all went well; shows what was said where they did not."""
    for command in commands:
        told = subprocess.run(command, cwd=client.place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if told.returncode:
            print(f"FAILED  {client.name}: {what}\n{told.stdout[-8000:]}", flush=True)
            return False
    print(f"ok      {client.name}: {what}", flush=True)
    return True


def prepare(client):
    return all(succeeds(client, what, commands) for what, commands in (
        ("installed", client.install()), ("generated", client.generate())))


def main(program, *kinds):
    if lacking := list(missing()):
        sys.exit(f"clients: missing is {', '.join(lacking)}")
    program = pathlib.Path(program).resolve()
    with tempfile.TemporaryDirectory() as place:
        clients = [TypeScript(pathlib.Path(place)), Python(pathlib.Path(place))]
        ready = [client for client in clients if prepare(client)]
        # One that does not compile is tried all the same where its language runs it: what else is wrong is worth knowing.
        failed = len(clients) - len(ready) + sum(not succeeds(client, "compiled", client.compile()) for client in ready)
        for kind in kinds or ("sqlite", "postgres"):
            with served(program, kind) as server:
                for client in ready:
                    print(f"== {client.name} on {kind}", flush=True)
                    day = client.journey(server.address, server.password())
                    failed += subprocess.run(day, cwd=client.place).returncode != 0
                for line in server.broken():
                    failed += 1
                    print(f"FAILED  the server's log on {kind}: {line}")
    sys.exit(f"clients: {failed} failed" if failed else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
