"""Ids to people and apps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.simulator.org.objects import USER
from agent.sources.salesforce.directory import PAUSE, Directory
from agent.sources.salesforce.session import Session
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.sources.reader import Clock


def user(number: int, **fields: Any) -> dict[str, Any]:
    return {"Id": f"005{number:012}AAA", "Username": f"u{number}@x.org", "Name": f"User {number}", **fields}


SEEN = ("Id", "Username", "Name", "Email", "Alias", "ProfileId", "Profile.Name")
"""Fields that the user of these tests sees; nobody asks for `Alias`."""
ASKED = ["Id", "Username", "Name", "Email", "Profile.Name"]


def answered(org: ScriptedOrg) -> int:
    """Queries that were not refused: the simulated org shows no licences."""
    return sum("UserLicense" not in query for query in org.queries)


@pytest.fixture
def store() -> dict[str, bytes]:
    return {}


@pytest.fixture
def directory(session: Session, org: ScriptedOrg, clock: Clock, store: dict[str, bytes]) -> Directory:
    org.change_faults(hidden_fields=",".join(f"User.{name}" for name in USER if name not in SEEN))
    org.objects["User"] = [user(1, **{"Profile.Name": "Sales"}, Email=None), user(2)]
    org.objects["ConnectedApplication"] = [{"Id": "0H4000000000001CAA", "Name": "Loader"}]
    return Directory(session, get=store.get, put=store.update, now=clock, lifetime=timedelta(hours=1))


def test_users_are_found_by_both_forms_of_their_id(directory: Directory, org: ScriptedOrg) -> None:
    """15 and 18 characters name the same user; relations are paths; empty fields and unknown users are absent."""
    found = directory.users(["005000000000001", "005000000000001AAA", "005000000000009AAA", "", "not an id"])
    assert set(found) == {"005000000000001", "005000000000001AAA"}
    assert found["005000000000001"] == {
        "Id": "005000000000001AAA",
        "Username": "u1@x.org",
        "Name": "User 1",
        "Profile.Name": "Sales",
    }


def test_only_fields_that_are_there_are_asked_for(directory: Directory, org: ScriptedOrg) -> None:
    """A field the user may not see would fail the query; a field nobody asked for is not fetched."""
    directory.users(["005000000000001"])
    fields = [query.removeprefix("SELECT ").partition(" FROM User")[0].split(", ") for query in org.queries]
    assert fields == [[*ASKED, "Profile.UserLicense.Name"], ASKED]


def test_relations_that_are_not_seen_are_done_without(directory: Directory, org: ScriptedOrg) -> None:
    """A licence that takes another permission to see does not cost the rest."""
    assert directory.users(["005000000000001"])["005000000000001"]["Profile.Name"] == "Sales"
    assert ["UserLicense" in query for query in org.queries] == [True, False]
    org.change_faults(hidden_fields=f"{org.faults.hidden_fields},User.Profile.Name")
    assert directory.users(["005000000000002"])["005000000000002"]["Username"] == "u2@x.org"


def test_answers_are_kept_for_their_lifetime(directory: Directory, org: ScriptedOrg, clock: Clock) -> None:
    """Also that an id has no user is kept; after the lifetime it is asked for again."""
    for _ in range(3):
        directory.users(["005000000000001", "005000000000009"])
    assert answered(org) == 1
    clock.advance(minutes=61)
    directory.users(["005000000000001"])
    assert answered(org) == 2


def test_long_lists_are_cut_to_what_a_uri_holds(directory: Directory, org: ScriptedOrg) -> None:
    """A thousand ids are asked for in several queries, each within the URI limit."""
    org.objects["User"] = [user(n) for n in range(1000)]
    found = directory.users([f"005{n:012}" for n in range(1000)])
    assert len(found) == 1000
    assert len(org.queries) > 1
    assert max(len(query) for query in org.queries) < 16_384 // 2


def test_hostile_ids_do_not_reach_a_query(directory: Directory, org: ScriptedOrg) -> None:
    """What is not 15 or 18 letters and digits is not asked for."""
    assert directory.users(["' OR Id != ''  ", "00500000000000'", "0" * 16]) == {}
    assert org.queries == []


def test_a_failed_look_up_stops_nobody(directory: Directory, org: ScriptedOrg, clock: Clock) -> None:
    """What is known is answered, the reason is kept, and the org is not asked again for a while."""
    directory.users(["005000000000001"])
    org.status["query"] = (503, b"")
    assert set(directory.users(["005000000000001", "005000000000002"])) == {"005000000000001"}
    assert "503" in directory.problem
    calls = org.calls["query"]
    directory.users(["005000000000002"])
    assert org.calls["query"] == calls
    org.status = {}
    clock.advance(seconds=PAUSE.total_seconds())
    assert set(directory.users(["005000000000002"])) == {"005000000000002"}
    assert directory.problem == ""


def test_applications_have_names(directory: Directory) -> None:
    """Connected apps are looked up like users."""
    assert directory.applications(["0H4000000000001"]) == {"0H4000000000001": "Loader"}
