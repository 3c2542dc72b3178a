#!/usr/bin/env python3
"""The example frontend as somebody who tries it has it: built strictly, then walked through in Chromium, on each database.

    scripts/frontend.py PROGRAM [sqlite|postgres]...

Needs Node.js 20.19 and Chromium (`CHROMIUM` names another than /usr/bin/chromium). On SQLite the app's server hands the API on, on
PostgreSQL the browser calls it across origins. The screenshots are in `target/frontend`, to be looked at.
"""

import contextlib
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

from served import free_port, served

ROOT = pathlib.Path(__file__).resolve().parent.parent
APP = ROOT / "examples/frontend"
PICTURES = ROOT / "target/frontend"


def run(*command, **settings):
    subprocess.run(command, cwd=APP, env={**os.environ, **settings}, check=True)


@contextlib.contextmanager
def previewed(port, **settings):
    """The built app on a port of its own."""
    command = ["npx", "vite", "preview", "--host", "127.0.0.1", "--port", str(port), "--strictPort"]
    # A group of its own: what `npx` starts ends with it.
    process = subprocess.Popen(command, cwd=APP, env={**os.environ, **settings}, start_new_session=True, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    try:
        end = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(address, timeout=5).read()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise SystemExit("frontend: the built app is not served")
                time.sleep(0.2)
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait()


def walk(program, kind):
    """What the server's log says of itself after the walk."""
    port = free_port()
    app = f"http://127.0.0.1:{port}"
    across = kind == "postgres"
    with served(program, kind, "demo", *(["--cors-origin", app] if across else [])) as server:
        run("npm", "run", "--silent", "build", "--", "--logLevel", "warn", **({"VITE_API_URL": server.address} if across else {}))
        with previewed(port, **({} if across else {"RATCHET_URL": server.address})) as address:
            print(f"== the frontend on {kind}, {'across origins' if across else 'through its own server'}", flush=True)
            run("node", "walk/walk.mjs", address, str(PICTURES / kind))
        return server.broken()


def main(program, *kinds):
    run("npm", "ci", "--silent", "--no-audit", "--no-fund")
    broken = [line for kind in kinds or ("sqlite", "postgres") for line in walk(pathlib.Path(program).resolve(), kind)]
    sys.exit("\n".join(["frontend: the server's log says", *broken]) if broken else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
