"""Lists of incidents, and how many are open."""

from __future__ import annotations

from dataclasses import replace

from agent.daemon.incidents.incident_counts import incidents_status
from agent.notice.incidents.book import INCIDENT
from agent.status.incidents import IncidentCount
from tests.daemon.incidents.incident_state import IncidentState
from tests.notice.incidents.made_incident import CLOCK, HOUR, NOW, alert, incident


def listed(incidents: IncidentState, **selection: object) -> list[str]:
    return [row["id"] for row in incidents.ask("list", **selection)["incidents"]]


def test_the_next_deadline_comes_first(state: IncidentState) -> None:
    """Then the gravest; of more than asked for it is said how many there are."""
    grave = state.add(incident(alert(1, user="a", level="critical")))
    late = state.add(incident(alert(2, user="b")))
    soon = state.add(incident(alert(3, user="c")), "globex")
    minor = state.add(incident(alert(4, user="d", level="low")))
    state.reckon(late, [CLOCK])
    state.reckon(soon, [replace(CLOCK, shadow_due=NOW + HOUR)], "globex")
    assert listed(state) == [soon, late, grave, minor]
    found = state.ask("list", limit=1)
    assert ([row["id"] for row in found["incidents"]], found["more"]) == ([soon], 3)
    assert found["incidents"][0]["next_due"] == "2026-11-27T13:00:00+00:00"
    assert found["incidents"][0]["next_obligation"] == CLOCK.id


def test_the_register_has_what_has_to_be_documented(state: IncidentState) -> None:
    """Whatever became of it; and nothing that anybody only looked at."""
    numbers = [state.add(incident(alert(place, user=f"user{place}"))) for place in range(5)]
    confirmed, innocent, harmless, noise, part = numbers
    state.ask("decide", number=confirmed, decision="confirmed")
    state.ask("decide", number=innocent, decision="not-a-breach", reason="a test")
    state.ask("decide", number=harmless, decision="not-notifiable", reason="encrypted")
    state.reckon(noise, [])
    state.ask("close", number=noise, reason="noise")
    state.ask("merge", numbers=[part], into=confirmed)
    assert set(listed(state, register=True)) == {confirmed, innocent, harmless}
    assert listed(state) == [confirmed]
    assert set(listed(state, everything=True)) == set(numbers)
    assert listed(state, state="closed") == [noise]


def test_origins_are_listed_apart(state: IncidentState) -> None:
    """A drill is shown to be one."""
    live, drill = state.add(incident()), state.add(incident(alert(1, origin="drill")))
    assert listed(state, origin="drill") == [drill]
    assert listed(state, origin="live", state="triage") == [live]


def test_open_incidents_are_counted_without_reading_one(state: IncidentState) -> None:
    """By level and state; whoever waits for an acknowledgement waits since it was opened."""
    first = state.add(incident(alert(1, user="a", level="critical")))
    state.add(replace(incident(alert(2, user="b", level="critical")), opened_at=NOW), "globex")
    state.add(incident(alert(3, user="c", level="low")))
    state.add(incident(alert(4, user="d", origin="drill")))
    for desk in state.desks.values():
        for key in desk.recall.keys(INCIDENT):
            with state.stores[desk.shard].state.transact() as transaction:
                transaction.apply("response/", {key: b"not an incident"})
    found = incidents_status({name: stores.state for name, stores in state.stores.items()})
    assert found.open == [
        IncidentCount("triage", "critical", "live", 1, "acme"),
        IncidentCount("triage", "critical", "live", 1, "globex"),
        IncidentCount("triage", "high", "drill", 1, "acme"),
        IncidentCount("candidate", "low", "live", 1, "acme"),
    ]
    assert (found.unacknowledged, found.oldest_unacknowledged) == (2, NOW - HOUR)
    assert first


def test_what_is_acknowledged_or_ended_waits_for_nobody(state: IncidentState) -> None:
    """A candidate never did; a reopened one that nobody acknowledged waits again."""
    seen, ended = state.add(incident(alert(1, user="a"))), state.add(incident(alert(2, user="b")))
    state.add(incident(alert(3, user="c", level="low")))
    state.ask("acknowledge", number=seen)
    assert incidents_status({name: stores.state for name, stores in state.stores.items()}).unacknowledged == 1
    state.ask("decide", number=ended, decision="not-a-breach", reason="a test")
    found = incidents_status({name: stores.state for name, stores in state.stores.items()})
    assert (found.unacknowledged, found.oldest_unacknowledged) == (0, None)
    assert sum(count.incidents for count in found.open) == 2
    state.ask("decide", number=ended, decision="reopened")
    assert incidents_status({name: stores.state for name, stores in state.stores.items()}).unacknowledged == 1
