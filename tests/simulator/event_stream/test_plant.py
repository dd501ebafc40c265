from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from agent.simulator.event_stream.event_kind import event_kinds
from agent.simulator.event_stream.stream_truth import read_stream_truth
from agent.simulator.log_files.truth import read_truth
from agent.simulator.org.simulated_org import SimulatedOrg
from agent.simulator.running import RunningOrg
from tests.simulator.conftest import ApiClient
from tests.simulator.event_stream.conftest import MovingClock

Make = Callable[..., SimulatedOrg]


def test_a_plant_begins_now_and_goes_on_as_time_does(eventful: Make, clock: MovingClock) -> None:
    """Its first event is published at once, the others when the clock passes them, each once."""
    org = eventful()
    org.bus.prepare()
    plant = org.plant("mass_report_export")
    assert plant.rows[0].time == plant.window[0] == org.until()

    def told() -> int:
        truth = read_stream_truth(org.stream_truth.path)
        wanted = {row.identifier for row in plant.rows}
        return sum(ident in wanted for ident in truth["identifier"])

    streamed = [row for row in plant.rows if row.kind.channel]
    at_once = sum(row.time == plant.window[0] for row in streamed)
    assert told() == at_once < len(streamed)
    clock.move(hours=2)
    org.publisher.publish()
    assert told() == len(streamed)


def test_a_plant_is_in_the_log_files_of_its_hours(eventful: Make, clock: MovingClock) -> None:
    """Under the hidden ids that were given."""
    org = eventful()
    plant = org.plant("mass_report_export")
    clock.move(hours=3)
    org.log_files()
    truth = read_truth(org.truth).filter(scenario="mass_report_export")
    wanted = {ident for ident in plant.hidden_ids if "-Login-" in ident or "-Report-" in ident}
    assert set(truth["id"]) == wanted
    assert len(wanted) == 13


def test_plants_of_one_scenario_differ_and_can_be_squeezed(eventful: Make) -> None:
    """In sessions and ids; `within` bounds the whole."""
    org = eventful()
    first, second = org.plant("mass_report_export"), org.plant("mass_report_export", 10)
    sessions = [{event.session.session_key for event in plant.events} for plant in (first, second)]
    assert not sessions[0] & sessions[1]
    assert not {row.identifier for row in first.rows} & {row.identifier for row in second.rows}
    assert second.window[1] - second.window[0] <= 10_001
    assert first.window[1] - first.window[0] > 600_000


def test_a_plant_is_stored_after_a_while(eventful: Make, clock: MovingClock) -> None:
    """A minute after each event, though the object was asked before."""
    org = eventful(scenarios=[])
    kind = event_kinds()["ReportAnomalyEvent"]
    assert org.stored_events.all(kind) == []
    org.plant("mass_report_export", 10)
    assert org.stored_events.all(kind) == []
    clock.move(seconds=80)
    (record,) = org.stored_events.all(kind)
    assert record["Score"] == 92.0


def test_a_plant_over_the_network(start: Callable[..., RunningOrg], connect: Callable[[RunningOrg], ApiClient]) -> None:
    """It answers with ids and times; what is not a scenario is refused."""
    running = start(event_types=["Login"], daily_files=False, history=timedelta(hours=1))
    client = connect(running)
    answer = client.http.post("/__simulator/plant", json={"scenario": "session_hijack", "within": 5}).json()
    assert {"LoginEvent", "SessionHijackingEvent", "ApiEvent"} <= {event["event"] for event in answer["events"]}
    assert all(answer["begin"] <= event["time"] < answer["end"] for event in answer["events"])
    assert answer["rows"]
    refused = client.http.post("/__simulator/plant", json={"scenario": "tea_party"})
    assert refused.status_code == 400


@pytest.mark.parametrize("within", [-1.0, float("nan")])
def test_a_span_that_is_none_is_refused(eventful: Make, within: float) -> None:
    """Before anything is planted."""
    with pytest.raises(ValueError, match="within"):
        eventful().plant("mass_report_export", within)
