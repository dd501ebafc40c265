"""What a drill leaves behind: marks in every format, and nothing in the shards of orgs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from agent import metrics
from agent.daemon.clock import utc_now
from agent.daemon.drills.drill_run import ORGANISATION
from agent.drills.planting.catalogue import SCENARIOS
from agent.drills.planting.rows import planted
from agent.model import Batch
from agent.sources.source_name import source_name
from agent.store import keys
from tests.drills.asking.drilled_daemon import DrilledDaemon, drilled
from tests.drills.drilled_agent import ORG, settings

REST = 1.2
"""Seconds: loops that find nothing to do in it have nothing left to do."""
SCENARIO, FASTEST = "mass_report_export", 3600.0


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrilledDaemon]:
    """Its org has had the same leak for real, so that it has memory, an incident and clocks of its own. No person is named: what
    escalation stores changes with time.
    """
    folder = tmp_path_factory.mktemp("apart")
    document = settings(folder, [])
    document["notice"] = {"zone": "Europe/Berlin", "jurisdictions": ["eu"], "clocks_from": "medium"}
    with drilled(folder, **document) as found:
        _leak(found)
        yield found


def _leak(daemon: DrilledDaemon) -> None:
    """The scenario's rows as the org's own; returns once its incident has its clocks and all is delivered."""
    ingest = daemon.daemon.node.shards[ORG].ingest
    for batch in planted(SCENARIOS[SCENARIO], "R-2026-0001", utc_now() - timedelta(minutes=5)):
        ingest.push(
            source_name(ORG, batch.service),
            Batch(ORGANISATION, batch.service, batch.event_type, batch.frame, input="leak"),
        )
    daemon.wait(lambda: bool(_dates(daemon)))
    (number, *_), *_ = _dates(daemon)
    daemon.ask("incidents_decide", number=number, decision="confirmed", by="eva", reason="a list was taken")
    daemon.wait(daemon.daemon.drained)
    known: list[dict[str, object]] = []

    def is_at_rest() -> bool:
        known.append(_kept(daemon))
        time.sleep(REST)
        return len(known) > 1 and known[-1] == known[-2]

    daemon.wait(is_at_rest)


def _kept(daemon: DrilledDaemon) -> dict[str, object]:
    """All that the org's shard has stored, without what is delivered."""
    daemon.daemon.trim()
    state = daemon.daemon.node.shards[ORG].stores.state
    return {key: state.get(key) for key in state.keys("")}


def _dates(daemon: DrilledDaemon) -> list[tuple[str, str]]:
    """Of incidents that are none of a drill."""
    found = daemon.ask("status")["deadlines"]
    return [(deadline["incident"], deadline["next_due"]) for deadline in found if deadline["origin"] == "live"]


def test_an_org_has_the_same_state_before_and_after_a_drill(daemon: DrilledDaemon) -> None:
    """Byte for byte: memory of detection, incidents, clocks, counts and the trail; and the drill passes beside a real leak of its kind."""
    daemon.ended(daemon.run(SCENARIO, speed=FASTEST))
    daemon.wait(daemon.daemon.drained)
    before, orgs, dates = _kept(daemon), daemon.ask("status")["orgs"], _dates(daemon)
    assert any(key.startswith(keys.DETECTION.prefix) for key in before)
    assert any(key.startswith(keys.RESPONSE.prefix) for key in before)
    drill = daemon.ended(daemon.run(SCENARIO, speed=FASTEST))
    daemon.wait(daemon.daemon.drained)
    assert drill["verdict"] == "passed", drill
    after = _kept(daemon)
    assert {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} == set()
    status = daemon.ask("status")
    assert [org["name"] for org in status["orgs"]] == [ORG]
    assert (status["orgs"], _dates(daemon)) == (orgs, dates)


def test_a_drill_is_no_incident_of_the_metrics_or_the_register(daemon: DrilledDaemon) -> None:
    """Nor are its alerts any; but it is one of the metric of drills, and of the list where drills are asked for."""
    opened = metrics.INCIDENTS_OPENED.labels("triage")
    alerts = _alerts_of_metrics()
    before, passed = opened._value.get(), metrics.DRILLS_ENDED.labels("passed")._value.get()
    register = daemon.ask("incidents_list", register=True)["incidents"]
    drill = daemon.ended(daemon.run(SCENARIO, speed=FASTEST))
    assert drill["incidents"]
    assert opened._value.get() == before
    assert _alerts_of_metrics() == alerts
    assert metrics.DRILLS_ENDED.labels("passed")._value.get() == passed + 1
    assert daemon.ask("incidents_list", register=True)["incidents"] == register
    assert len(register) == 1, "the leak of the org is in it"


def _alerts_of_metrics() -> float:
    (family,) = metrics.ALERTS_RAISED.collect()
    return sum(sample.value for sample in family.samples if sample.name.endswith("_total"))


def test_every_row_is_accounted_for_and_status_says_how_drills_ended(daemon: DrilledDaemon) -> None:
    """Rows of drills are in the sums of what was read, and their shard is not among the orgs."""
    number = daemon.run(SCENARIO, speed=FASTEST)
    daemon.ended(number)
    daemon.wait(daemon.daemon.drained)
    status = daemon.ask("status")
    assert status["balanced"] is True
    assert sum(counts["read"] for counts in status["read"] if counts["source"].startswith("leakline-drills/")) > 0
    assert (status["drills"]["passed"], status["drills"]["failed"], status["drills"]["overdue"]) == (1, [], 0)
    assert (status["drills"]["newest"]["id"], status["drills"]["newest"]["verdict"]) == (number, "passed")


def test_cef_has_the_marks_too(daemon: DrilledDaemon) -> None:
    """A SIEM leaves drills out by `leaklineDrill_id`: each line with a user, a row or an incident of a drill has it, and no other."""
    drill = daemon.ended(daemon.run(SCENARIO, speed=FASTEST))
    daemon.wait(daemon.daemon.drained)
    lines = [line for path in (daemon.out.parent / "out-cef").glob("*.cef") for line in path.read_text().splitlines()]
    marked = [line for line in lines if f"leaklineDrill_id={drill['id']} " in f"{line} "]
    assert len(marked) > 5
    assert all(f"leaklineDrill_scenario={SCENARIO}" in line for line in marked)
    incident = drill["incidents"][0]
    assert any(incident in line for line in marked)
    assert [line for line in lines if incident in line and "leaklineDrill_id=" not in line] == []
    (number, _), *_ = _dates(daemon)
    of_org = [line for line in lines if number in line]
    assert of_org
    assert [line for line in of_org if "leaklineDrill_id=" in line] == []
