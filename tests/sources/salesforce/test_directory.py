"""Ids to people and apps."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import orjson
import pytest

from agent import metrics
from agent.errors import DiskFull
from agent.simulator.org.objects import USER
from agent.sources.salesforce.directory import PAUSE, Directory
from agent.sources.salesforce.identity_queries import CALL_SECONDS
from agent.sources.salesforce.look_up_queue import LookUp, LookUpQueue
from agent.sources.salesforce.session import Session
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.sources.reader import Clock
from tests.sources.salesforce.look_up_threads import HeldThreads, NoPatience, patient


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
    return Directory(
        session, org="acme", get=store.get, put=store.update, now=clock, lifetime=timedelta(hours=1), queue=patient
    )


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


# An org that does not answer in time

ADA, BEN = "005000000000001", "005000000000002"

Queue = Callable[[LookUp], LookUpQueue]
MakeDirectory = Callable[[Queue], Directory]


@pytest.fixture
def told() -> list[str]:
    """What look-ups reported."""
    return []


@pytest.fixture
def make_directory(
    directory: Directory, session: Session, clock: Clock, store: dict[str, bytes], told: list[str]
) -> MakeDirectory:
    """As `directory`, with the queue that a test wants, for an org of a name that no other test has."""

    def make(queue: Queue) -> Directory:
        org = f"org {next(NUMBERS)}"
        return Directory(session, org=org, get=store.get, put=store.update, now=clock, report=told.append, queue=queue)

    return make


NUMBERS = itertools.count()


def missed(directory: Directory) -> dict[str, float]:
    """Ids that batches went without, by reason."""
    org = directory._org
    return {
        sample.labels["reason"]: sample.value
        for metric in metrics.LOOKUPS_MISSED.collect()
        for sample in metric.samples
        if sample.labels["org"] == org and sample.name.endswith("_total")
    }


def test_a_batch_goes_on_without_what_takes_long(make_directory: MakeDirectory, org: ScriptedOrg) -> None:
    """The first waits in vain and the next not at all; once the answer is there, later ones have it. Both is counted."""
    held, wait = HeldThreads(), NoPatience()
    directory = make_directory(lambda look_up: LookUpQueue(look_up, start=held.start, wait=wait, steady=lambda: 0))
    assert directory.users([ADA, BEN]) == {}
    assert "within 5 seconds" in directory.problem
    assert directory.users([ADA]) == {}
    assert wait.waits == 1
    assert missed(directory) == {"late": 3}
    held.run()
    assert directory.users([ADA])[ADA]["Username"] == "u1@x.org"
    assert directory.problem == ""
    assert answered(org) == 1
    assert missed(directory) == {"late": 3}


def test_an_answer_in_time_is_in_the_batch(make_directory: MakeDirectory) -> None:
    """Whatever came while a batch waited is in it, though the time was over then."""
    held = HeldThreads()
    wait = NoPatience(meanwhile=held.run)
    directory = make_directory(lambda look_up: LookUpQueue(look_up, start=held.start, wait=wait))
    assert set(directory.users([ADA, BEN])) == {ADA, BEN}
    assert (directory.problem, missed(directory)) == ("", {})


def test_an_answer_that_came_before_it_was_wanted_is_not_asked_for_again(
    make_directory: MakeDirectory, org: ScriptedOrg, store: dict[str, bytes]
) -> None:
    """Two threads look for one id: the second asks nobody when the first has just had it answered."""
    held = HeldThreads()
    directory = make_directory(lambda look_up: LookUpQueue(look_up, start=held.start, wait=NoPatience()))
    directory.users([ADA])
    store[f"user/{ADA}"] = orjson.dumps({"at": directory._now().timestamp(), "record": {"Id": ADA}})
    held.run()
    assert org.queries == []


def test_what_is_wanted_while_look_ups_rest_is_counted(
    make_directory: MakeDirectory, org: ScriptedOrg, told: list[str], clock: Clock
) -> None:
    """A failure is told once, and its end; nobody waits during the rest."""
    directory = make_directory(patient)
    org.status["query"] = (503, b"")
    directory.users([ADA])
    assert directory.users([BEN]) == {}
    assert missed(directory) == {"resting": 2}
    org.status = {}
    clock.advance(seconds=PAUSE.total_seconds())
    assert set(directory.users([ADA])) == {ADA}
    assert [bool(reason) for reason in told] == [True, False]
    assert "503" in told[0]


def test_the_first_answer_ends_what_an_earlier_run_reported(make_directory: MakeDirectory, told: list[str]) -> None:
    """A problem lies in the state, and the daemon may have been started anew since."""
    directory = make_directory(patient)
    for ids in ([ADA], [BEN]):
        directory.users(ids)
    assert told == [""]


def test_a_state_without_room_costs_names_alone(
    make_directory: MakeDirectory, store: dict[str, bytes], told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that cannot be kept ends no batch: ingest itself waits for the disk."""
    directory = make_directory(patient)

    def full(entries: Mapping[str, bytes]) -> None:
        raise DiskFull("no room")

    monkeypatch.setattr(directory, "_put", full)
    assert directory.users([ADA]) == {}
    assert told == ["no room"]


def test_a_stop_is_no_failure(make_directory: MakeDirectory, session: Session, told: list[str]) -> None:
    """What the closed session interrupts is not reported: a daemon that is started anew would begin with a problem."""
    directory = make_directory(patient)
    session.close()
    assert directory.users([ADA]) == {}
    assert (told, directory.problem) == ([], "")
    directory.close()
    assert directory.users([ADA]) == {}


def test_ids_that_found_no_room_are_counted(make_directory: MakeDirectory) -> None:
    """They are asked for when another batch wants them."""
    held = HeldThreads()
    directory = make_directory(lambda look_up: LookUpQueue(look_up, start=held.start, wait=NoPatience(), most=1))
    directory.users([ADA, BEN])
    assert missed(directory) == {"late": 1, "crowded": 1}
    for _ in range(2):
        held.run()
        found = directory.users([ADA, BEN])
    assert set(found) == {ADA, BEN}


def test_a_call_is_interrupted_after_seconds(
    make_directory: MakeDirectory, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Describing and querying have a deadline of their own, shorter than that of the settings."""
    deadlines = []
    exchange = session.exchange

    def note(method: str, path: str, *, deadline: float | None = None, **options: Any) -> Any:
        deadlines.append(deadline)
        return exchange(method, path, deadline=deadline, **options)

    monkeypatch.setattr(session, "exchange", note)
    make_directory(patient).users([ADA])
    assert set(deadlines) == {CALL_SECONDS}
