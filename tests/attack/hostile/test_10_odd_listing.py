"""What an org lists: one odd record stops no other file, one odd page no other org, and both are told."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.errors import SourceError, TransportError
from tests.attack.four_places import assert_told_everywhere, own_events, problems_of
from tests.attack.hostile_org import HostileOrg, document_of, file_of
from tests.end_to_end.agent_process import AgentProcess

ODD: dict[str, Any] = {
    "null": None,
    "a text": "record",
    "a list": [1],
    "an empty object": [],
    "no id": {"Id": None},
    "an id with a control character": {"Id": "0AT00000000000\x002"},
    "an id with a line feed at its end": {"Id": "0AT000000000002\n"},
    "an id that is a path": {"Id": "../../../limits"},
    "an id of other digits": {"Id": "0AT0000000000²2AAA"},
    "a number for an id": {"Id": 5},
    "half a surrogate pair": {"Id": "\ud800"},
    "an event type with a control character": {"EventType": "Login\x1b[2J"},
    "an event type that is a key": {"EventType": "Login/../x"},
    "an object for an event type": {"EventType": {"a": 1}},
    "another interval": {"Interval": "Weekly"},
    "a length beyond all floats": {"LogFileLength": "@1e400"},
    "a length that is no number": {"LogFileLength": float("nan")},
    "a negative length": {"LogFileLength": -1},
    "a length in letters": {"LogFileLength": "abc"},
    "a length of true": {"LogFileLength": True},
    "a list for a length": {"LogFileLength": [1]},
    "a length of 1e300": {"LogFileLength": 1e300},
    "a sequence in letters": {"Sequence": "x"},
    "created in the year 1": {"CreatedDate": "0001-01-01T00:00:00.000+0000"},
    "created in the year 9999": {"CreatedDate": "9999-12-31T23:59:59.000-1200"},
    "created tomorrow": {"CreatedDate": "2026-07-02T12:00:00.000+0000"},
    "no time of creation": {"CreatedDate": None},
    "a number for a time of creation": {"CreatedDate": 1751371200},
    "a time without a zone": {"CreatedDate": "2026-07-01T10:00:00"},
    "a day of the year 1": {"LogDate": "0001-01-01T00:00:00.000+0000"},
    "a day of the year 9999": {"LogDate": "9999-12-31T00:00:00.000+0000"},
    "an object for a day": {"LogDate": {}},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_one_odd_record_is_passed_over_told_and_read_once_it_is_right(hostile: HostileOrg, odd: Any) -> None:
    """The files before and behind it are read at once; it is told once, and read when its record is right."""
    org, reader = hostile.org, hostile.reader()
    org.files = [file_of(1, "a", hours_ago=4), file_of(2, "b", hours_ago=3), file_of(3, "c", hours_ago=2)]
    org.odd[org.files[1].id] = odd
    reader.read()
    hostile.clock.advance(minutes=10)
    reader.read()
    assert sorted(reader.rows()) == ["a", "c"]
    (told,) = reader.own()
    assert (told["event.action"], told["leakline.problem.count"]) == ("record-passed-over", 1)
    assert "\x1b" not in told["message"]
    org.odd.clear()
    hostile.clock.advance(minutes=10)
    reader.read()
    assert sorted(reader.rows()) == ["a", "b", "c"]
    assert [event["event.action"] for event in reader.own()] == ["record-passed-over", "record-read"]


def test_a_passed_over_record_is_awaited_behind_the_high_water_and_over_a_restart(hostile: HostileOrg) -> None:
    """Two days of newer files and a restart later it is read all the same, and nothing comes twice."""
    org, reader = hostile.org, hostile.reader(sweep_every=dt.timedelta(days=1))
    org.files = [file_of(1, "a", hours_ago=4), file_of(2, "b", hours_ago=3)]
    org.odd[org.files[1].id] = {"CreatedDate": "0001-01-01T00:00:00.000+0000"}
    for day in range(2):
        org.files.append(file_of(10 + day, f"day {day}", at=hostile.clock.time))
        reader.read()
        hostile.clock.advance(hours=23)
    reader.restart()
    org.odd.clear()
    reader.read()
    assert sorted(reader.rows()) == ["a", "b", "day 0", "day 1"]
    assert reader.own()[-1]["event.action"] == "record-read"


def test_a_record_that_stays_odd_is_a_loss_after_three_days(hostile: HostileOrg) -> None:
    """Then it is a gap in the logs, told once, and no longer a record that is awaited."""
    org, reader = hostile.org, hostile.reader()
    org.files = [file_of(1, "a"), file_of(2, "b")]
    org.odd[org.files[1].id] = {"LogFileLength": "abc"}
    for day in range(22):
        org.files.append(file_of(10 + day, f"day {day}", at=hostile.clock.time))
        reader.read()
        hostile.clock.advance(hours=12)
    actions = [event["event.action"] for event in reader.own()]
    assert actions == ["record-passed-over", "log-gap", "record-read"]
    assert org.files[1].id in reader.own()[1]["message"]
    assert len(reader.rows()) == 23
    assert not list(reader.memory.keys("odd/"))


def test_a_flood_of_odd_records_is_counted_and_not_remembered(hostile: HostileOrg) -> None:
    """A thousand of them stop no file, and what is kept of them is bounded."""
    org, reader = hostile.org, hostile.reader()
    org.files = [file_of(n, str(n)) for n in range(1001)]
    org.odd = {file.id: {"EventType": "?" * 1000} for file in org.files[1:]}
    reader.read()
    assert reader.rows() == ["0"]
    (told,) = reader.own()
    assert told["leakline.problem.count"] == 1000
    assert len(told["message"]) < 1000
    assert len(list(reader.memory.keys("odd/"))) == 200


def test_a_file_of_the_future_does_not_carry_the_high_water_away(hostile: HostileOrg) -> None:
    """Files that come after it are still listed."""
    org, reader = hostile.org, hostile.reader(overlap=dt.timedelta(0), sweep_every=dt.timedelta(days=1))
    org.files = [file_of(1, "a")]
    org.odd[org.files[0].id] = {"CreatedDate": "2027-01-01T00:00:00.000+0000"}
    reader.read()
    hostile.clock.advance(hours=3)
    org.files.append(file_of(2, "b", at=hostile.clock.time))
    reader.read()
    assert reader.rows() == ["b"]


PAGES: dict[str, Any] = {
    "records null": {"done": True, "records": None},
    "records a text": {"done": True, "records": "none"},
    "records an object": {"done": True, "records": {}},
    "no records": {"done": True},
    "a list": [{"done": True, "records": []}],
    "done a text": {"done": "true", "records": []},
    "no done": {"records": []},
    "no next page": {"done": False, "records": []},
    "next page null": {"done": False, "records": [], "nextRecordsUrl": None},
    "next page a number": {"done": False, "records": [], "nextRecordsUrl": 5},
    "next page a list": {"done": False, "records": [], "nextRecordsUrl": ["/x"]},
    "next page elsewhere": {"done": False, "records": [], "nextRecordsUrl": "https://evil.example/services/data/"},
    "next page at a user": {"done": False, "records": [], "nextRecordsUrl": "@evil.example/services/data/"},
    "next page up the tree": {"done": False, "records": [], "nextRecordsUrl": "/services/data/v64.0/query/../../x"},
    "a number": 5,
    "nothing": b"",
    "deep": b"[" * 100_000,
    "deep and whole": b'{"done":true,"records":' + b"[" * 900 + b"]" * 900 + b"}",
    "a number of 5,000 digits": b'{"done":' + b"9" * 5000 + b',"records":[]}',
    "no UTF-8": b'{"done":true,"records":"\xff"}',
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_a_bad_page_is_its_source_s_trouble_and_passes(hostile: HostileOrg, page: Any) -> None:
    """It is a transport error, never another exception, and the next poll reads what there is."""
    org, reader = hostile.org, hostile.reader()
    org.files = [file_of(1, "a")]
    org.status["listing"] = (200, page)
    with pytest.raises(TransportError):
        reader.read()
    del org.status["listing"]
    reader.read()
    assert reader.rows() == ["a"]


def test_a_page_that_follows_itself_is_left(hostile: HostileOrg) -> None:
    """The second time it is named, no third is asked for."""
    page = {"done": False, "records": [], "nextRecordsUrl": "/services/data/v64.0/query/01gLOOP-1"}
    hostile.org.status["query"] = (200, page)
    with pytest.raises(TransportError, match="do not end"):
        list(hostile.session().query("SELECT Id FROM EventLogFile"))
    assert hostile.org.calls["query"] == 2


def test_pages_that_never_end_are_left(hostile: HostileOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each names another page, without end."""
    hostile.org.page = 1
    hostile.org.files = [file_of(n, "a") for n in range(20)]
    monkeypatch.setattr("agent.sources.salesforce.session.MOST_PAGES", 10)
    with pytest.raises(TransportError, match="do not end"):
        hostile.reader().read()


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    org = HostileOrg(tmp_path_factory.mktemp("fuzzed"))
    yield org
    org.close()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["0AT000000000000001", "@1e400", "2026-07-01T10:00:00.000+0000", "/services/data/v64.0/query/x"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["records", "done", "nextRecordsUrl", "Id", "EventType", "LogDate", "CreatedDate", "LogFileLength", "Sequence",
             "Interval", "fields", "name", "access_token", "instance_url", "id", "refresh_token", "organization_id",
             "errorCode", "message", "error", "error_description", "DailyApiRequests", "Max", "Remaining", "attributes"]
        )
        | st.text(max_size=5),
        inner,
        max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip
PAGE = st.fixed_dictionaries({"done": st.booleans(), "records": st.lists(JSON, max_size=5)})
WHOLE = st.fixed_dictionaries(
    {},
    optional={
        "Id": st.sampled_from(["0AT000000000000001", "0AT00000000000000"]) | JSON,
        "EventType": st.sampled_from(["Login", "URI"]) | JSON,
        "LogDate": st.sampled_from(["2026-07-01T07:00:00.000+0000"]) | st.datetimes().map(str) | JSON,
        "CreatedDate": st.sampled_from(["2026-07-01T10:00:00.000+0000"]) | st.datetimes().map(str) | JSON,
        "LogFileLength": st.floats() | JSON,
        "Interval": st.sampled_from(["Hourly", "Daily"]) | JSON,
        "Sequence": st.floats() | JSON,
    },
)
LISTING = st.fixed_dictionaries({"done": st.just(True), "records": st.lists(WHOLE, max_size=4)})


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    status=st.sampled_from([200, 200, 200, 302, 400, 401, 403, 404, 420, 500, 503]),
    answer=JSON | PAGE | LISTING | st.binary(max_size=50),
    where=st.sampled_from(["token", "listing", "query", "describe", "limits"]),
)
def test_whatever_an_org_answers_is_a_source_error_or_an_answer(
    fuzzed: HostileOrg, status: int, answer: Any, where: str
) -> None:
    """Arbitrary JSON as token, page, description, allowance and error body ends in nothing but a SourceError."""
    org = fuzzed.org
    org.status, org.token_error, org.files = {}, None, [file_of(1, "a")]
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    if where == "token":
        org.token_error = (status, body)
    else:
        org.status[where] = (status, body)
    reader = fuzzed.reader()
    for act in (reader.read, reader.session.limits, lambda: reader.session.fields("User")):
        try:
            act()
        except SourceError as error:
            str(error).encode()
    reader.session.close()


@pytest.mark.attack
def test_a_daemon_reads_its_other_org_and_tells_of_the_odd_record_everywhere(
    orgs: tuple[HostileOrg, HostileOrg], tmp_path: Path
) -> None:
    """It goes on for both orgs, shows the record in all four places, and takes it back once the record is right."""
    bad, good = orgs
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    bad.org.files = [file_of(1, "bad 1", at=now), file_of(2, "bad 2", at=now)]
    good.org.files = [file_of(3, "good", at=now)]
    bad.org.odd[bad.org.files[0].id] = {"LogFileLength": "@1e400", "CreatedDate": "0001-01-01T00:00:00.000+0000"}
    agent = AgentProcess(tmp_path, document_of(tmp_path, bad.settings("bad"), good.settings("good")))
    agent.start()
    events = tmp_path / "out" / "events.ndjson"
    agent.wait_for(lambda: events.exists() and len(events.read_text().splitlines()) >= 2)
    assert_told_everywhere(agent, "record-passed-over", tmp_path / "out")
    (problem,) = problems_of(agent, "record-passed-over")
    assert problem["subject"] == "bad/event_log_file"
    bad.org.odd.clear()
    agent.wait_for(lambda: len(events.read_text().splitlines()) == 3)
    agent.wait_for(lambda: not problems_of(agent, "record-passed-over"))
    agent.wait_for(lambda: own_events(tmp_path / "out", "record-read"))
    assert agent.stop() == 0
