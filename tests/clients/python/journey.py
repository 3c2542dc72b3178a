"""One day with the API, by a client whose types come out of the contract.

    python journey.py ADDRESS ADMIN_PASSWORD
"""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import sys
import time
import traceback
from collections.abc import Callable
from uuid import UUID, uuid4

from contract import AuthenticatedClient
from contract.api.auth import log_in, refresh_session
from contract.api.evidence import create_evidence, get_content, list_evidence
from contract.api.indicators import activate_indicator, create_indicator, get_indicator_chart, get_indicator_chart_svg
from contract.api.journal import prove_entry
from contract.api.me import get_me
from contract.api.measurements import list_measurements, record_measurements
from contract.api.members import create_member
from contract.api.nonconformities import (
    amend_nonconformity, create_nonconformity, get_nonconformity, list_nonconformities, plan_nonconformity,
)
from contract.models import (
    ActivateIndicator, AmendNonconformity, ChartLimits, CreateIndicator, CreateMember, CreateNonconformity, EvidenceView,
    InclusionProof, IndicatorChart, IndicatorView, ListNonconformitiesSortItem, ListNonconformitiesStateItem, LogIn, Me, MeasurementItem,
    Measurements, MemberView, NonconformityState, NonconformityView, PageEvidenceView, PageNonconformityView, PendingProof,
    Permission, PlanNonconformityType0, PlanNonconformityType0Response, Problem, Receipt, Refresh, Role, TokenPair,
)
from contract.types import UNSET, File

from session import Session, anonymous, given, refused, taken
from treatment import Team, treat


def sessions(address: str, password: str) -> None:
    admin = Session(address, "admin@localhost", password)
    before = taken(get_me.sync_detailed(client=admin.api), Me)
    used = admin.renew()
    after = taken(get_me.sync_detailed(client=admin.api), Me)
    assert before.member_id == after.member_id, "the renewed session is somebody else's"
    assert any(granted.permission is Permission.READ_RECORDS for granted in after.permissions), "nothing may be read"
    # A token that was traded long ago ends the session; within ten seconds the same successor comes again.
    again = taken(refresh_session.sync_detailed(client=anonymous(address), body=Refresh(used)), TokenPair)
    assert again.token_type == "Bearer" and again.expires_in > 0, again
    refused(log_in.sync_detailed(client=anonymous(address), body=LogIn("admin@localhost", "another one")), 401)
    nobody = AuthenticatedClient(base_url=address, token="forged")
    refused(get_me.sync_detailed(client=nobody), 401)


def team(address: str, password: str) -> Team:
    manager = Session(address, "admin@localhost", password)
    secret = str(uuid4())
    email = f"{secret}@example.org"
    body = CreateMember(email=email, name="Ada", password=secret, roles=[Role.AUDITOR])
    taken(create_member.sync_detailed(client=manager.api, body=body), MemberView)
    me = taken(get_me.sync_detailed(client=manager.api), Me)
    return Team(manager, Session(address, email, secret), given(me.member_id), datetime.datetime.now(datetime.UTC).date())


def draft(title: str = "Critical patches late on laptops") -> CreateNonconformity:
    return CreateNonconformity.from_dict({
        "title": title, "statement": "Critical patches are not installed within 14 days",
        "objective_evidence": "79 % in week 12", "source": "audit",
    })


def raised(api: AuthenticatedClient, title: str = "Critical patches late on laptops") -> NonconformityView:
    return taken(create_nonconformity.sync_detailed(client=api, body=draft(title)), NonconformityView)


def treatment(team: Team) -> None:
    case = raised(team.manager.api)
    steps = treat(team, str(case.id))
    closed = taken(get_nonconformity.sync_detailed(case.reference, client=team.manager.api), NonconformityView)
    assert closed.state is NonconformityState.CLOSED, f"{steps} led to {closed.state}"
    print(f"  {closed.reference}: {', '.join(steps)}")
    body = PlanNonconformityType0(PlanNonconformityType0Response.ACTIONS)
    late = refused(plan_nonconformity.sync_detailed(str(case.id), client=team.manager.api, body=body), 409)
    assert given(late.reasons)[0].code == "wrong_state", late


def amendment(api: AuthenticatedClient) -> None:
    first = create_nonconformity.sync_detailed(client=api, body=draft())
    id, tag = str(taken(first, NonconformityView).id), first.headers["ETag"]
    # By hand: a client that knows the header as needed cannot leave it out.
    bare = api.get_httpx_client().patch(
        f"/v1/nonconformities/{id}", json={"title": "Without a version"}, headers={"Content-Type": "application/merge-patch+json"})
    assert bare.status_code == 428 and Problem.from_dict(bare.json()).type_ == "/problems/precondition-required", bare.text
    amended = amend_nonconformity.sync_detailed(id, client=api, body=AmendNonconformity(title="Late"), if_match=tag)
    assert taken(amended, NonconformityView).version == 2, "an amended record has another version"
    overtaken = AmendNonconformity(title="Overtaken")
    stale = refused(amend_nonconformity.sync_detailed(id, client=api, body=overtaken, if_match=tag), 412)
    assert stale.current_version == 2, stale
    anew = AmendNonconformity(title="Read anew", due_on=None)
    read = amend_nonconformity.sync_detailed(id, client=api, body=anew, if_match=amended.headers["ETag"])
    assert taken(read, NonconformityView).title == "Read anew"


def pages(api: AuthenticatedClient) -> None:
    for number in range(7):
        raised(api, f"No. {number}")
    seen: list[UUID] = []
    cursor: str | None = None
    while True:
        page = taken(list_nonconformities.sync_detailed(
            client=api, limit=3, count=True, cursor=UNSET if cursor is None else cursor,
            # One value each: this generator repeats a parameter for each of several, whatever `explode` says.
            sort=[ListNonconformitiesSortItem.VALUE_1], state=[ListNonconformitiesStateItem.REPORTED]), PageNonconformityView)
        assert 0 < len(page.items) <= 3, f"a page of {len(page.items)}"
        seen += [case.id for case in page.items]
        if not page.next_cursor:
            break
        cursor = page.next_cursor
    assert len(seen) == len(set(seen)) == page.total and len(seen) >= 7, f"{len(seen)} of {page.total} were seen"
    print(f"  {len(seen)} records")


def problems(api: AuthenticatedClient) -> None:
    empty = refused(create_nonconformity.sync_detailed(client=api, body=draft("")), 422)
    assert given(empty.errors)[0].pointer == "/title", empty
    none = refused(get_nonconformity.sync_detailed(str(uuid4()), client=api), 404)
    assert none.type_ == "/problems/not-found", none
    forged = refused(list_nonconformities.sync_detailed(client=api, cursor="forged"), 400)
    assert given(forged.errors)[0].pointer == "cursor", forged


def indicator(api: AuthenticatedClient, owner: UUID) -> str:
    made = taken(create_indicator.sync_detailed(client=api, body=CreateIndicator.from_dict({
        "name": "Latency of the portal", "information_need": "Can customers work?", "unit": "ms", "value_kind": "gauge",
        "goal": {"direction": "lower_is_better", "target": 50, "warning": 1000, "critical": 2000},
        "method": "Mean of five minutes", "frequency": "daily", "analysis_interval": "weekly", "collector_id": str(owner),
        "analyst_id": str(owner), "owner_id": str(owner), "auto_raise": {"kind": "none"},
    })), IndicatorView)
    active = activate_indicator.sync_detailed(str(made.id), client=api, body=ActivateIndicator())
    assert taken(active, IndicatorView).state.value == "active"
    return str(made.id)


def measurements(api: AuthenticatedClient, id: str) -> None:
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    sent = [MeasurementItem.from_dict({
        "observed_at": (start + datetime.timedelta(hours=hour)).isoformat(), "value": 40 + hour * 7 % 11,
        "dimensions": {"site": "north"},
    }) for hour in range(30)]
    first = taken(record_measurements.sync_detailed(client=api, body=sent, indicator=id, source="A client"), Receipt)
    assert first.counts.accepted == 30 and first.batch_id, first.counts
    again = record_measurements.sync_detailed(client=api, body=sent, indicator=id, source="A client")
    assert again.status_code == 200 and taken(again, Receipt).counts.duplicates == 30, "what was known is new"
    values: list[float] = []
    cursor: str | None = None
    while True:
        page = taken(list_measurements.sync_detailed(
            id, client=api, limit=20, dimensions=json.dumps({"site": "north"}),
            cursor=UNSET if cursor is None else cursor), Measurements)
        values += [item.value for item in page.items]
        if not page.next_cursor:
            break
        cursor = page.next_cursor
    assert values == [item.value for item in sent], values


def chart(api: AuthenticatedClient, id: str) -> None:
    drawn = get_indicator_chart.sync_detailed(id, client=api, points=10)
    found = taken(drawn, IndicatorChart)
    assert found.measurements == 30 and len(found.points) <= 10, found.measurements
    assert found.series[0].additional_properties == {"site": "north"}, found.series
    assert isinstance(given(found.phases[0].limits), ChartLimits)
    known = get_indicator_chart.sync_detailed(id, client=api, points=10, if_none_match=drawn.headers["ETag"])
    assert known.status_code == 304, known.status_code
    assert b"<svg" in get_indicator_chart_svg.sync_detailed(id, client=api).content


def evidence(api: AuthenticatedClient, record: str) -> None:
    # Not a text: each byte there is, so that a client that decodes it is found out.
    content = bytes(range(256))
    kept = taken(create_evidence.sync_detailed(
        client=api, body=File(io.BytesIO(content)), record=record, name="bytes.bin", title="Every byte"), EvidenceView)
    assert kept.sha256 == hashlib.sha256(content).hexdigest() and kept.size == 256, kept
    read = taken(get_content.sync_detailed(str(kept.id), client=api), File)
    assert read.payload.read() == content, "other bytes came back"
    about = taken(list_evidence.sync_detailed(client=api, record=record), PageEvidenceView)
    assert kept.id in [item.id for item in about.items], "it is not about the record"


def retries(api: AuthenticatedClient) -> None:
    key = str(uuid4())
    first = create_nonconformity.sync_detailed(client=api, body=draft(), idempotency_key=key)
    again = create_nonconformity.sync_detailed(client=api, body=draft(), idempotency_key=key)
    assert taken(first, NonconformityView).id == taken(again, NonconformityView).id, "it was done twice"
    assert again.headers["Idempotency-Replayed"] == "true", again.headers
    assert first.headers["Journal-Entry"] == again.headers["Journal-Entry"], "it was written down twice"
    refused(create_nonconformity.sync_detailed(client=api, body=draft("Another"), idempotency_key=key), 422)


def standing_in(api: AuthenticatedClient, member: UUID) -> None:
    # Nobody stands in for oneself: what counts is that the header is sent. This generator sends no header that is a UUID.
    refused(get_me.sync_detailed(client=api, on_behalf_of=str(member)), 403)


def proof(api: AuthenticatedClient) -> None:
    written = create_nonconformity.sync_detailed(client=api, body=draft())
    proved = proved_at_last(api, UUID(written.headers["Journal-Entry"]))
    assert proved.leaf_hash == written.headers["Journal-Leaf"], "the write was answered with another leaf"
    assert root(proved) == proved.checkpoint.root, "the path leads to another root"
    print(f"  entry {proved.position} of {proved.checkpoint.size}")


def proved_at_last(api: AuthenticatedClient, entry: UUID) -> InclusionProof:
    """The proof, which an entry has once it is in the tree."""
    for _ in range(150):
        found = prove_entry.sync_detailed(entry, client=api).parsed
        if isinstance(found, InclusionProof):
            return found
        assert isinstance(found, PendingProof) and found.status == "pending", found
        time.sleep(0.2)
    raise AssertionError("an entry is pending for half a minute")


def root(proof: InclusionProof) -> str:
    """RFC 6962, 2.1.1, by this client's own hand."""
    node = hashlib.sha256(b"\0" + proof.leaf.encode()).digest()
    assert node.hex() == proof.leaf_hash, "the leaf has another hash"
    place, last = proof.position, proof.checkpoint.size - 1
    for sibling in map(bytes.fromhex, proof.path):
        if place % 2 or place == last:
            node = hashlib.sha256(b"\1" + sibling + node).digest()
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            node = hashlib.sha256(b"\1" + node + sibling).digest()
        place, last = place // 2, last // 2
    assert last == 0, "the path ends below the root"
    return node.hex()


def main(address: str, password: str) -> int:
    people = team(address, password)
    api = people.manager.api
    measured = indicator(api, people.owner)
    record = raised(api).reference
    scenes: dict[str, Callable[[], None]] = {
        "sessions": lambda: sessions(address, password),
        "treatment": lambda: treatment(people),
        "amendment": lambda: amendment(api),
        "pages": lambda: pages(api),
        "problems": lambda: problems(api),
        "measurements": lambda: measurements(api, measured),
        "chart": lambda: chart(api, measured),
        "evidence": lambda: evidence(api, record),
        "retries": lambda: retries(api),
        "standing in": lambda: standing_in(api, people.owner),
        "proof": lambda: proof(api),
    }
    failed = 0
    for name, scene in scenes.items():
        try:
            scene()
            print(f"ok      {name}")
        except Exception:
            failed += 1
            print(f"FAILED  {name}: {traceback.format_exc(limit=-4)}")
    print(f"{len(scenes) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
