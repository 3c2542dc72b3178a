#!/usr/bin/env python3
"""Real senders at the doors: what they send becomes measurements, and they say that it was taken.

    scripts/senders.py PROGRAM [--node FOLDER] [--prometheus PATH] [--vmagent PATH]

Starts the program on a port of its own. Needs the packages of `scripts/senders.txt`; with a folder in which those of
`scripts/senders.json` are installed, senders in JavaScript send, too; with the path of a Prometheus or of a vmagent, that one
scrapes the program and writes to it.
"""

import argparse
import json
import logging
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PORT = 18477
API = f"http://127.0.0.1:{PORT}"
DOORS = f"{API}/v1/ingest"


def ask(path, token=None, body=None, method=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(API + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{path}: {error.code} {error.read().decode()}")


class Gateway:
    """The program, with a key that may send measurements."""

    def __init__(self, manager):
        self.manager = manager
        self.me = ask("/v1/me", manager)["member_id"]
        issued = ask("/v1/api-keys", manager, {"name": "Senders", "scopes": ["measurements:write"]})
        self.key = issued["token"]

    def fed_by(self, door, metric, **rule):
        """An active indicator that this metric feeds, told apart by `site`."""
        indicator = ask("/v1/indicators", self.manager, {
            "name": f"{door} {metric}", "information_need": "Whether it arrives", "unit": "1", "value_kind": "gauge",
            "goal": {"direction": "lower_is_better", "target": 1e6, "warning": 2e6, "critical": 3e6},
            "method": "As sent", "frequency": "hourly", "collector_id": self.me, "analysis_interval": "weekly",
            "analyst_id": self.me, "owner_id": self.me,
        })["reference"]
        ask(f"/v1/indicators/{indicator}/activate", self.manager, {})
        ask("/v1/ingest-rules", self.manager, {
            "name": f"{door} {metric}", "door": door, "metric": metric, "indicator": indicator,
            "dimensions": [{"label": "site", "name": "site"}], **rule,
        })
        return indicator

    def expect(self, what, indicator, *values):
        """The values of `north`, as often as they were sent."""
        for _ in range(100):
            found = ask(f"/v1/indicators/{indicator}/measurements", self.manager)["items"]
            if len(found) >= max(1, len(values)):
                break
            time.sleep(0.2)
        seen = [item["value"] for item in found]
        if values and seen[: len(values)] != list(values) or not found:
            sys.exit(f"{what}: {seen} instead of {values}")
        print(f"{what}: {seen[:5]}")


class Complaints(logging.Handler):
    """What a sender says when something was not taken."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.told = []

    def emit(self, record):
        self.told.append(record.getMessage())


def opentelemetry(gateway):
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
    from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource

    complaints = Complaints()
    logging.getLogger("opentelemetry").addHandler(complaints)
    delta = [{"label": "temporality", "comparison": "equal", "value": "delta"}]
    gauge = gateway.fed_by("otlp", "portal.latency")
    failures = gateway.fed_by("otlp", "portal.failures", matchers=delta)
    count = gateway.fed_by("otlp", "portal.size_count", matchers=delta)
    half = gateway.fed_by("otlp", "portal.size", matchers=[{"label": "quantile", "comparison": "equal", "value": "0.5"}])
    exporter = OTLPMetricExporter(
        endpoint=f"{DOORS}/otlp/v1/metrics",
        headers={"authorization": f"Bearer {gateway.key}"},
        compression=Compression.Gzip,
        preferred_temporality={Counter: AggregationTemporality.DELTA, Histogram: AggregationTemporality.DELTA},
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader], Resource.create({"site": "north"}))
    meter = provider.get_meter("trial")
    meter.create_gauge("portal.latency").set(41.5)
    meter.create_counter("portal.failures").add(3)
    sizes = meter.create_histogram("portal.size")
    for size in (10, 20, 30, 40):
        sizes.record(size)
    if not provider.force_flush():
        sys.exit("opentelemetry: the export failed")
    provider.shutdown()
    gateway.expect("OpenTelemetry SDK, gauge", gauge, 41.5)
    gateway.expect("OpenTelemetry SDK, counter", failures, 3.0)
    gateway.expect("OpenTelemetry SDK, histogram", count, 4.0)
    gateway.expect("OpenTelemetry SDK, quantile", half)
    if complaints.told:
        sys.exit(f"opentelemetry: {complaints.told}")


def collector(gateway):
    """A collector between an SDK and the program: it batches, compresses and writes anew what it has read."""
    import importlib.util

    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource

    gauge = gateway.fed_by("otlp", "collected.latency")
    program = pathlib.Path(importlib.util.find_spec("rotel").origin).with_name("rotel-agent")
    inlet = "127.0.0.1:18480"
    command = [program, "start", "--otlp-http-endpoint", inlet, "--otlp-grpc-endpoint", "127.0.0.1:18481",
               "--exporter", "otlp", "--otlp-exporter-protocol", "http", "--otlp-exporter-endpoint", f"{DOORS}/otlp",
               "--otlp-exporter-custom-headers", f"authorization=Bearer {gateway.key}", "--metrics-batch-timeout", "200ms"]
    with tempfile.TemporaryFile("w+") as log:
        agent = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            exporter = OTLPMetricExporter(endpoint=f"http://{inlet}/v1/metrics")
            reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
            provider = MeterProvider([reader], Resource.create({"site": "north"}))
            provider.get_meter("trial").create_gauge("collected.latency").set(43.5)
            provider.force_flush()
            provider.shutdown()
            gateway.expect("Rotel", gauge, 43.5)
        finally:
            agent.terminate()
            agent.wait()
        log.seek(0)
        told = [line for line in log if "ERROR" in line]
        if told:
            sys.exit(f"rotel: {told[:3]}")


def influx(gateway):
    from influxdb_client import InfluxDBClient, Point
    from influxdb_client.client.write_api import SYNCHRONOUS
    from influxdb_client.rest import ApiException

    indicator = gateway.fed_by("influx", "backup_minutes")
    now = time.time_ns()
    with InfluxDBClient(url=f"{DOORS}/influx", token=gateway.key, org="any", enable_gzip=True) as client:
        write = client.write_api(write_options=SYNCHRONOUS)
        points = [Point("backup").tag("site", "north").field("minutes", 40.5 + n).field("note", "full").time(now + n * 10**9)
                  for n in range(2)]
        write.write(bucket="any", record=points)
        try:
            write.write(bucket="any", record=["backup,site=north minutes=x", f"backup,site=north minutes=50 {now + 2 * 10**9}"])
            sys.exit("influxdb-client: a line that is none was taken")
        except ApiException as error:
            if error.status != 400 or "partial write" not in error.message:
                sys.exit(f"influxdb-client: {error}")
    gateway.expect("influxdb-client", indicator, 40.5, 41.5, 50.0)


def influx_1(gateway):
    from influxdb import InfluxDBClient

    indicator = gateway.fed_by("influx", "backup_seconds")
    now = time.time_ns()
    # The name does not matter, the password is the key.
    client = InfluxDBClient(host="127.0.0.1", port=PORT, username="backup", password=gateway.key, database="any", gzip=True,
                            path="v1/ingest/influx")
    if not client.ping().startswith("ratchet"):
        sys.exit("influxdb: the ping does not say what answers")
    for n in range(2):
        point = {"measurement": "backup", "tags": {"site": "north"}, "time": now + n * 10**9, "fields": {"seconds": 60.5 + n}}
        client.write_points([point])
    gateway.expect("influxdb (version 1, Basic)", indicator, 60.5, 61.5)
    # As curl sends it, in the address.
    line = f"backup,site=north seconds=62.5 {now + 2 * 10**9}".encode()
    urllib.request.urlopen(f"{DOORS}/influx/write?db=any&u=backup&p={gateway.key}", data=line, timeout=10).read()
    gateway.expect("u and p in the address", indicator, 60.5, 61.5, 62.5)


def javascript(gateway, folder):
    delta = [{"label": "temporality", "comparison": "equal", "value": "delta"}]
    latency = gateway.fed_by("otlp", "shop.latency")
    failures = gateway.fed_by("otlp", "shop.failures", matchers=delta)
    count = gateway.fed_by("otlp", "shop.size_count", matchers=delta)
    event = [{"label": "subject", "comparison": "equal", "value": "büro, 50 % of it"}]
    backups = gateway.fed_by("cloudevents", "backup.finished", matchers=event)
    script = pathlib.Path(shutil.copy(pathlib.Path(__file__).with_name("senders.mjs"), folder))
    sent = subprocess.run(["node", script, DOORS, gateway.key], stderr=subprocess.PIPE, text=True)
    if sent.returncode:
        sys.exit(f"javascript: {sent.stderr}")
    gateway.expect("OpenTelemetry SDK of JavaScript, gauge", latency, 42.5)
    gateway.expect("OpenTelemetry SDK of JavaScript, counter", failures, 5.0)
    gateway.expect("OpenTelemetry SDK of JavaScript, histogram", count, 3.0)
    gateway.expect("CloudEvents SDK of JavaScript, binary and base64", backups, 17.5, 18.5)


def vmagent(gateway, program):
    indicator = gateway.fed_by("prometheus", "scrape_samples_scraped")
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        (place / "scrape.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "external_labels": {"site": "north"}},
            "scrape_configs": [{"job_name": "ratchet", "static_configs": [{"targets": [f"127.0.0.1:{PORT}"]}]}],
        }))
        command = [program, f"-promscrape.config={place}/scrape.yml", f"-remoteWrite.url={DOORS}/prometheus/write",
                   f"-remoteWrite.bearerToken={gateway.key}", f"-remoteWrite.tmpDataPath={place}/data",
                   "-httpListenAddr=127.0.0.1:18479"]
        with open(place / "log", "w") as log:
            agent = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            gateway.expect("vmagent", indicator)
        finally:
            agent.terminate()
            agent.wait()
        told = [line for line in (place / "log").read_text().splitlines() if "\terror\t" in line]
        if told:
            sys.exit(f"vmagent: {told[:3]}")


def remote_writer(gateway):
    from prometheus_remote_writer import RemoteWriter

    indicator = gateway.fed_by("prometheus", "portal_errors")
    now = int(time.time() * 1_000)
    metric = {"metric": {"__name__": "portal_errors", "site": "north"}, "values": [2.0, 3.0], "timestamps": [now - 1_000, now]}
    writer = RemoteWriter(url=f"{DOORS}/prometheus/write", auth={"bearer_token": gateway.key})
    writer.send([metric])
    gateway.expect("prometheus-remote-writer", indicator, 2.0, 3.0)


def prometheus(gateway, program):
    indicator = gateway.fed_by("prometheus", "ratchet_http_requests_total", matchers=[
        {"label": "status", "comparison": "equal", "value": "201"}, {"label": "route", "comparison": "glob", "value": "*/indicators"}])
    up = gateway.fed_by("prometheus", "up")
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        (place / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "external_labels": {"site": "north"}},
            "scrape_configs": [{"job_name": "ratchet", "static_configs": [{"targets": [f"127.0.0.1:{PORT}"]}]}],
            "remote_write": [{"url": f"{DOORS}/prometheus/write", "authorization": {"credentials": gateway.key},
                              "queue_config": {"batch_send_deadline": "1s"}}],
        }))
        command = [program, f"--config.file={place}/prometheus.yml", f"--storage.tsdb.path={place}/data",
                   "--web.listen-address=127.0.0.1:18478"]
        with open(place / "log", "w") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            gateway.expect("Prometheus, up", up)
            gateway.expect("Prometheus, a counter of the program", indicator)
        finally:
            server.terminate()
            server.wait()
        told = [line for line in (place / "log").read_text().splitlines() if "remote" in line and "level=error" in line]
        if told:
            sys.exit(f"prometheus: {told[:3]}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program", type=pathlib.Path)
    arguments.add_argument("--node", type=pathlib.Path)
    arguments.add_argument("--prometheus")
    arguments.add_argument("--vmagent")
    given = arguments.parse_args()
    program = given.program.resolve()
    with tempfile.TemporaryDirectory() as place:
        server = subprocess.Popen(
            [program, "serve", "--data-dir", place, "--port", str(PORT)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True)
        try:
            password = None
            for line in server.stdout:
                found = re.search(r"password\W+(\S{20,})", line, re.IGNORECASE)
                if found:
                    password = found.group(1)
                    break
            for _ in range(200):
                try:
                    urllib.request.urlopen(API + "/readyz", timeout=5).read()
                    break
                except OSError:
                    time.sleep(0.2)
            login = ask("/v1/auth/login", body={"email": "admin@localhost", "password": password})
            gateway = Gateway(login["access_token"])
            opentelemetry(gateway)
            collector(gateway)
            influx(gateway)
            influx_1(gateway)
            remote_writer(gateway)
            for sender, place in [(javascript, given.node), (prometheus, given.prometheus), (vmagent, given.vmagent)]:
                if place:
                    sender(gateway, place)
            left = ask("/v1/ingest/unmatched", gateway.manager)["items"]
            print(f"{len(left)} series are listed as unmatched")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
