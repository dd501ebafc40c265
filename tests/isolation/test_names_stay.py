"""What is one customer's stays out of another's SIEM: rows, alerts, troubles, and every name in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.isolation.observed_daemon import Changes, MovedClock, ObservedDaemon, ObservedHec, by_kind, running
from tests.isolation.served_org import LEAK, ServedOrg, document_for

OURS, THEIRS = "larkspur", "clover"


@pytest.fixture
def orgs(tmp_path: Path, clock: MovedClock) -> Iterator[tuple[ServedOrg, ServedOrg]]:
    pair = ServedOrg(tmp_path / OURS, OURS, 0, clock), ServedOrg(tmp_path / THEIRS, THEIRS, 1, clock)
    yield pair
    for org in pair:
        org.close()


@pytest.fixture
def everybodys(changes: Changes) -> Iterator[ObservedHec]:
    """Takes all orgs, and what concerns the process."""
    observed = ObservedHec(changes)
    yield observed
    observed.server.stop()


def test_no_name_of_an_org_reaches_a_destination_of_another(
    orgs: tuple[ServedOrg, ServedOrg],
    hec: ObservedHec,
    everybodys: ObservedHec,
    tmp_path: Path,
    changes: Changes,
    clock: MovedClock,
) -> None:
    """Neither in what their HEC received nor in their files; both got all of their own, and the third everything."""
    ours, theirs = orgs
    document = document_for(
        tmp_path,
        orgs,
        [
            hec.settings(tmp_path, orgs=[THEIRS]),
            {"type": "file", "directory": str(tmp_path / "theirs"), "orgs": [THEIRS]},
            everybodys.settings(tmp_path, name="everybody"),
        ],
    )
    for org in orgs:
        org.show([f"{LEAK}1/", "/home/"])
        org.show_malformed()
    with running(document, changes, clock) as daemon:
        for org in orgs:
            wait_for_all_of(daemon, everybodys, org)
        wait_for_all_of(daemon, hec, theirs)
        ours.org.status["listing"] = (403, [{"errorCode": "API_DISABLED_FOR_ORG", "message": f"{OURS} may not"}])
        daemon.wait_for(lambda: "source-failed" in actions(everybodys, ours))
        theirs.show(["/home/afterwards/"])
        daemon.wait_for(lambda: len(by_kind(hec.documents(), theirs)["event"]) == 3)
        daemon.wait_for(daemon.drained)
        assert daemon.status()["balanced"]
    files = b"".join(path.read_bytes() for path in (tmp_path / "theirs").iterdir())
    for name in (ours.name, ours.id, ours.user(0)):
        assert name.encode() in everybodys.received()  # else the search shows nothing
    assert [name for name in ours.names() if name in hec.received() or name in files] == []
    assert theirs.name.encode() in files
    assert by_kind(hec.documents(), ours) == {}


def wait_for_all_of(daemon: ObservedDaemon, hec: ObservedHec, org: ServedOrg) -> None:
    """Both rows, the alert, and what Leakline says of the one that is malformed."""
    daemon.wait_for(lambda: len(by_kind(hec.documents(), org).get("event", [])) == 2)
    daemon.wait_for(lambda: by_kind(hec.documents(), org).get("alert"))
    daemon.wait_for(lambda: "dead-letters" in actions(hec, org))


def actions(hec: ObservedHec, org: ServedOrg) -> set[str]:
    """`event.action` of Leakline's own events of the org."""
    documents = [document for kind in by_kind(hec.documents(), org).values() for document in kind]
    return {document["event"]["action"] for document in documents if document["event"]["dataset"] == "leakline.agent"}
