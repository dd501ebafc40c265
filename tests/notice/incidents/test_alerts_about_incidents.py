"""Rules of one's own on events of incidents and clocks: what they raise belongs to that incident, and nothing goes round."""

from datetime import timedelta
from pathlib import Path

import orjson

from tests.notice.incidents.told_incidents import ToldIncidents, told_incidents

ANY_CHANGE = """
title: Somebody changed an incident
id: 6f1a8b52-0c8e-5c7a-9a11-60a3d1b7c002
name: incident_changed
status: test
logsource: {product: leakline, service: agent}
detection:
  about: {event.dataset: leakline.incident}
  condition: about
level: critical
"""
COUNTED = """
title: Much is done about incidents
id: 6f1a8b52-0c8e-5c7a-9a11-60a3d1b7c003
name: much_is_done
status: test
correlation:
  type: event_count
  rules: [incident_changed]
  group-by: [user.name]
  timespan: 1h
  condition: {gte: 2}
level: critical
"""


def alerts(told: ToldIncidents) -> list[tuple[str, str]]:
    """Of each alert that was delivered the rule's name and the incident's id."""
    lines = (told.folder / "documents" / "alerts.ndjson").read_bytes().splitlines()
    found = [orjson.loads(line) for line in lines]
    return [
        (document["rule"]["name"], document["leakline"]["incident"]["id"])
        for document in found
        if document["event"]["kind"] == "alert"
    ]


def test_an_alert_about_an_incident_belongs_to_it_and_changes_nothing_of_it(tmp_path: Path) -> None:
    """It opens no other, raises no level, and makes nobody who acts on an incident one of those whom it is about."""
    with told_incidents(tmp_path, ANY_CHANGE) as told:
        told.leak()
        (before,) = told.incidents()
        told.tell(before, "incident-acknowledged", by="ada")
        told.tell(before, "incident-assigned", by="grace")
        told.settle()
        (after,) = told.incidents()
        assert [rule for rule, _ in alerts(told)] == ["Rows were taken out", *["Somebody changed an incident"] * 2]
        assert {incident for _, incident in alerts(told)} == {before.id}
        assert (after.alerts, after.level, after.links) == (1, "high", before.links)
        assert after.revisions == 2


def test_somebody_who_acted_on_an_incident_is_not_taken_for_its_suspect(tmp_path: Path) -> None:
    """What Ada does later opens an incident of her own."""
    with told_incidents(tmp_path, ANY_CHANGE) as told:
        told.leak()
        told.tell(told.incidents()[0], "incident-acknowledged", by="ada@acme.example")
        told.settle()
        told.now += timedelta(hours=1)
        told.leak(**{"user.id": "005Hs000003T6kAAAS", "user.name": "ada@acme.example"})
        assert [incident.alerts for incident in told.incidents()] == [1, 1]


def test_a_correlation_over_events_of_incidents_goes_round_no_more_than_a_rule(tmp_path: Path) -> None:
    """It is about the person, and opens one incident about him; what follows from that is nothing that is counted."""
    with told_incidents(tmp_path, ANY_CHANGE, COUNTED) as told:
        told.leak()
        (before,) = told.incidents()
        for action in ("incident-acknowledged", "incident-assigned", "incident-commented"):
            told.tell(before, action, by="ada")
        told.settle()
        about = [incident for incident in told.incidents() if incident.id != before.id]
        assert [incident.title for incident in about] == ["Much is done about incidents (ada)"]
        for clock in range(5):
            told.tell(about[0], "clock-started", further={"leakline.clock.regime": f"regime-{clock}"})
        told.settle()
        assert len(told.incidents()) == 2


def test_what_leakline_itself_says_of_incidents_is_tried_on_no_rule(tmp_path: Path) -> None:
    """Neither what comes with a batch nor what a clock says is a rule's input, so that no clock starts another."""
    with told_incidents(tmp_path, ANY_CHANGE) as told:
        told.leak()
        told.tell(told.incidents()[0], "clock-late")
        told.settle()
        assert [document["event"]["action"] for document in told.documents()] == ["incident-opened", "clock-late"]
        assert [rule for rule, _ in alerts(told)] == ["Rows were taken out"]
