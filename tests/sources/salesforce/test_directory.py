"""Ids to people and apps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.sources.salesforce.directory import PAUSE, Directory
from agent.sources.salesforce.session import Session
from tests.sources.org import Org
from tests.sources.reader import Clock


def user(number: int, **fields: Any) -> dict[str, Any]:
    return {"Id": f"005{number:012}AAA", "Username": f"u{number}@x.org", "Name": f"User {number}", **fields}


@pytest.fixture
def store() -> dict[str, bytes]:
    return {}


@pytest.fixture
def directory(session: Session, org: Org, clock: Clock, store: dict[str, bytes]) -> Directory:
    org.fields["User"] = ["Id", "Username", "Name", "Email", "ProfileId", "Phone"]
    org.objects["User"] = [user(1, Profile={"attributes": {}, "Name": "Sales"}, Email=None), user(2)]
    org.objects["ConnectedApplication"] = [{"Id": "0H4000000000001AAA", "Name": "Loader"}]
    return Directory(session, get=store.get, put=store.update, now=clock, lifetime=timedelta(hours=1))


def test_users_are_found_by_both_forms_of_their_id(directory: Directory, org: Org) -> None:
    """15 and 18 characters name the same user; relations are paths; empty fields and unknown users are absent."""
    found = directory.users(["005000000000001", "005000000000001AAA", "005000000000009AAA", "", "not an id"])
    assert set(found) == {"005000000000001", "005000000000001AAA"}
    assert found["005000000000001"] == {
        "Id": "005000000000001AAA",
        "Username": "u1@x.org",
        "Name": "User 1",
        "Profile.Name": "Sales",
    }


def test_only_fields_that_are_there_are_asked_for(directory: Directory, org: Org) -> None:
    """A field the user may not see would fail the query; a field nobody asked for is not fetched."""
    directory.users(["005000000000001"])
    fields = org.queries[-1].removeprefix("SELECT ").partition(" FROM User")[0].split(", ")
    assert fields == ["Id", "Username", "Name", "Email", "Profile.Name", "Profile.UserLicense.Name"]


def test_relations_that_are_not_seen_are_done_without(directory: Directory, org: Org) -> None:
    """A licence that takes another permission to see does not cost the rest."""
    org.hidden = ["Profile.UserLicense.Name"]
    assert directory.users(["005000000000001"])["005000000000001"]["Profile.Name"] == "Sales"
    org.hidden = ["Profile."]
    assert directory.users(["005000000000002"])["005000000000002"]["Username"] == "u2@x.org"


def test_answers_are_kept_for_their_lifetime(directory: Directory, org: Org, clock: Clock) -> None:
    """Also that an id has no user is kept; after the lifetime it is asked for again."""
    for _ in range(3):
        directory.users(["005000000000001", "005000000000009"])
    assert org.calls["query"] == 1
    clock.advance(minutes=61)
    directory.users(["005000000000001"])
    assert org.calls["query"] == 2


def test_long_lists_are_cut_to_what_a_uri_holds(directory: Directory, org: Org) -> None:
    """A thousand ids are asked for in several queries, each within the URI limit."""
    org.objects["User"] = [user(n) for n in range(1000)]
    found = directory.users([f"005{n:012}" for n in range(1000)])
    assert len(found) == 1000
    assert len(org.queries) > 1
    assert max(len(query) for query in org.queries) < 16_384 // 2


def test_hostile_ids_do_not_reach_a_query(directory: Directory, org: Org) -> None:
    """What is not 15 or 18 letters and digits is not asked for."""
    assert directory.users(["' OR Id != ''  ", "00500000000000'", "0" * 16]) == {}
    assert org.queries == []


def test_a_failed_look_up_stops_nobody(directory: Directory, org: Org, clock: Clock) -> None:
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
