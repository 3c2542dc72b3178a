"""A server on a port of its own, on either database, for trials by programs of others."""

import contextlib
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

POSTGRES = pathlib.Path(__file__).with_name("postgres.sh")
# The sample organisation takes a while to be made where others build.
PATIENCE = 900
# Whoever sends what is no HTTP is told so; the library that reads it writes that down as an error.
NO_HTTP = "stream error: request parse error"


def free_port():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


@contextlib.contextmanager
def cluster():
    """The address of a PostgreSQL that nobody else has used."""
    place = pathlib.Path(tempfile.mkdtemp())
    place.chmod(0o777)
    try:
        yield subprocess.run([POSTGRES, "start", place], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    finally:
        subprocess.run([POSTGRES, "stop", place], check=True)


@contextlib.contextmanager
def database(kind):
    """The settings that name it: `sqlite` or `postgres`."""
    if kind == "sqlite":
        yield []
    else:
        with cluster() as address:
            yield ["--database-url", address]


class Server:
    """A server that answers, with what it printed and logged."""

    def __init__(self, process, address, place):
        self.process, self.address, self.place = process, address, place

    def printed(self):
        return (self.place / "printed").read_text()

    def password(self):
        """That of the first start, which is printed once."""
        return re.search(r"password\W+(\S{20,})", self.printed()).group(1)

    def broken(self):
        """What the log says of steps that failed and threads that panicked."""
        lines = (self.place / "log").read_text().splitlines()
        return [line for line in lines if re.search(r" ERROR |panicked at", line) and NO_HTTP not in line]


def is_ready(address):
    try:
        urllib.request.urlopen(address + "/readyz", timeout=5).read()
        return True
    except (OSError, urllib.error.URLError):
        return False


@contextlib.contextmanager
def served(program, kind, command="serve", *more):
    """`serve` an empty organisation or `demo` the sample one, with `more` settings; no caller is told to slow down."""
    with tempfile.TemporaryDirectory() as place, database(kind) as settings:
        place = pathlib.Path(place)
        port = free_port()
        arguments = [program, command, "--data-dir", place / "data", "--port", str(port), "--log", "warn",
                     "--requests-per-minute", "1000000", "--logins-per-minute", "10000", *settings, *more]
        with open(place / "printed", "w") as printed, open(place / "log", "w") as log:
            process = subprocess.Popen(arguments, stdout=printed, stderr=log)
        server = Server(process, f"http://127.0.0.1:{port}", place)
        try:
            end = time.monotonic() + PATIENCE
            while not is_ready(server.address):
                if process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"the server did not start: {(place / 'log').read_text()[-2000:]}")
                time.sleep(0.5)
            yield server
        finally:
            process.terminate()
            process.wait()
