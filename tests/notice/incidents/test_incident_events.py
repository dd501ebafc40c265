"""What the SIEM is told of incidents and their clocks, on both roads: with a batch, and through the outbox."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.notice.clock import Clock
from agent.notice.clocks import clock_event
from tests.formats.cef_fields import fields_of
from tests.formats.cef_reader import read
from tests.notice.incidents.told_incidents import NOW, ToldIncidents, told_incidents, types

CLOCK = Clock(
    regime="eu-gdpr-33",
    obligation="sa",
    stage="notification",
    recipient="authority",
    state="running",
    anchor="aware",
    anchored_at=NOW,
    due=NOW + timedelta(hours=72),
    shadow_due=NOW + timedelta(hours=70),
    planned_due=NOW + timedelta(hours=72),
    presumed=False,
    policy=False,
    basis="Art. 33(1)",
)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[ToldIncidents]:
    """An incident was opened by a batch, acknowledged by Ada, and has a clock."""
    with told_incidents(tmp_path) as told:
        told.leak()
        (incident,) = told.incidents()
        told.tell(incident, "incident-acknowledged", by="ada")
        told.tell(incident, "clock-started", further=clock_event.fields(CLOCK))
        told.settle()
        yield told


def test_both_roads_give_the_same_fields_of_the_same_types(told: ToldIncidents) -> None:
    """An event that came with a batch has what one of a person has, but for who did it."""
    opened, acknowledged, _ = map(types, told.documents())
    assert acknowledged == opened | {"user.name": "str"}
    opened_values, acknowledged_values, _ = told.documents()
    same = ("ecs", "observer", "organization")
    assert [opened_values[name] for name in same] == [acknowledged_values[name] for name in same]


def test_times_have_the_form_of_all_times(told: ToldIncidents) -> None:
    """Milliseconds and `Z`, so that a SIEM takes `@timestamp`, the detection and deadlines for the same kind of thing."""
    opened, acknowledged, started = told.documents()
    for document in (opened, acknowledged, started):
        assert document["leakline"]["incident"]["detected"] == document["@timestamp"] == "2026-07-01T10:05:07.089Z"
    assert started["leakline"]["clock"] == {
        "regime": "eu-gdpr-33",
        "obligation": "sa",
        "stage": "notification",
        "recipient": "authority",
        "state": "running",
        "anchor": "aware",
        "due": "2026-07-04T10:05:07.089Z",
        "shadow_due": "2026-07-04T08:05:07.089Z",
        "presumed": False,
        "policy": False,
    }


def test_a_line_of_cef_has_incident_and_deadline_under_standard_keys(told: ToldIncidents) -> None:
    """So that a SIEM which knows no keys of ours finds both, in alerts too."""
    (incident,) = told.incidents()
    found = [(header, extension) for header, extension in map(read, told.lines()) if "cs3" in extension]
    assert [header["name"] for header, _ in found] == [
        "Rows were taken out", "incident-opened", "incident-acknowledged", "clock-started",
    ]  # fmt: skip
    assert {(extension["cs3"], header["severity"]) for header, extension in found} == {(incident.id, "8")}
    started = found[-1][1]
    deadline = datetime.fromtimestamp(int(started["deviceCustomDate2"]) / 1000, UTC)
    assert (deadline, started["deviceCustomDate2Label"]) == (CLOCK.due, "Deadline")


def test_a_line_of_cef_has_all_of_its_document(told: ToldIncidents) -> None:
    """What a document says of an incident and its clock can be read out of the line."""
    documents = {document["event"]["id"]: document for document in told.documents()}
    for fields in map(fields_of, told.lines()):
        if document := documents.get(fields["event.id"]):
            names = {name for name in types(document) if name.startswith("leakline.")}
            assert names <= fields.keys()


def test_of_a_clock_without_a_legal_date_the_strict_one_is_the_deadline(tmp_path: Path) -> None:
    """A date that counts from the detection is shown as the deadline until the law's own is known, and named."""
    strict = clock_event.fields(replace(CLOCK, due=None))
    with told_incidents(tmp_path) as told:
        told.leak()
        told.tell(told.incidents()[0], "clock-started", further=strict)
        told.settle()
        line = read(told.lines()[-1])[1]
    assert line["deviceCustomDate2"] == str(int(NOW.timestamp() * 1000) + 70 * 3_600_000)
    assert line["leaklineClock_shadowDue"] == "2026-07-04T08:05:07.089Z"
