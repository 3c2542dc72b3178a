"""What no schema can say of parameters, for the runs of `scripts/conformance.py`."""

import functools
import json
import random
import re
import urllib.error
import urllib.request

import schemathesis
from schemathesis.generation import GenerationMode

# A cursor is what a page before has answered: whatever is made up is refused.
OPAQUE = {"cursor"}
# One of each pair is given, never both.
EITHER = [("as_of", "all")]
# What lies behind is refused.
ORDERED = [("from", "to")]
# A filter that names what is not there, or what somebody has restricted, is refused: nothing is known of it.
NAMED = {"parent", "case", "nonconformity"}
# Only days of which figures were kept are answered.
KEPT = {"/v1/readiness": "as_of"}
RECORD = re.compile(r"(/v1/[a-z-]+)/\{id\}")


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if found := RECORD.match(case.operation.path):
        name_a_record(case, found.group(1))
    if case.query:
        mend(case.query, case.operation.path)


def mend(query, path):
    for name in OPAQUE | NAMED | {KEPT.get(path)}:
        query.pop(name, None)
    for kept, dropped in EITHER:
        if kept in query:
            query.pop(dropped, None)
    for first, last in ORDERED:
        if first in query and last in query:
            query[first], query[last] = sorted((query[first], query[last]), key=str)


def name_a_record(case, collection):
    """The contract has one example for all ids, which most resources do not have: a record that is there takes its place."""
    if records := known(case.operation.base_url + collection, case.headers.get("Authorization")):
        case.path_parameters["id"] = random.Random(case.id).choice(records)


@functools.lru_cache(maxsize=None)
def known(address, authorization):
    request = urllib.request.Request(f"{address}?limit=50", headers={"Authorization": authorization or ""})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return [record["reference"] for record in json.load(answer)["items"] if "reference" in record]
    except urllib.error.HTTPError:
        return []
