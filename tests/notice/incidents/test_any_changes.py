"""Whatever people do to incidents in whatever order: nothing is lost, and nothing gets later unsaid."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent.errors import LeaklineError
from agent.notice.incidents.changes.anchoring import anchored
from agent.notice.incidents.changes.closing import closed
from agent.notice.incidents.changes.deciding import JUDGEMENTS, decided
from agent.notice.incidents.changes.fact_values import with_facts
from agent.notice.incidents.changes.handling import acknowledged, commented, snoozed
from agent.notice.incidents.changes.joining import merged
from agent.notice.incidents.changes.settling import SETTLEMENT_ENDS, Statement, settled
from agent.notice.incidents.changes.splitting import Part, split
from agent.notice.incidents.incident import Incident
from tests.notice.incidents.made_incident import HOUR, NOW, alert, incident

USERS = ("ana", "bob", "eva")
KINDS = ("acknowledge", "comment", "snooze", "anchor", "fact", "decide", "settle", "merge", "split", "close")
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(0, 5),
        st.integers(0, 5),
        st.sampled_from(["aware", "event", "discovered"]),
        st.integers(0, 300),
        st.sampled_from(["", "so"]),
        st.sampled_from(JUDGEMENTS),
        st.sampled_from(SETTLEMENT_ENDS),
    ),
    max_size=25,
)


def made() -> dict[str, Incident]:
    """Three, with alerts of two rules each."""
    found = [
        incident(*(alert(10 * place + number, user=user, rule=f"r{number % 2}") for number in range(5)))
        for place, user in enumerate(USERS)
    ]
    return {case.id: case for case in found}


def apply(known: dict[str, Incident], change: Any, minute: int) -> dict[str, Incident]:
    """What the change makes of them, in a new table. Raises LeaklineError for what is not allowed."""
    kind, place, other, anchor, before, basis, judgement, end = change
    now = NOW + timedelta(minutes=minute)
    incidents = list(known.values())
    chosen, second = incidents[place % len(incidents)], incidents[other % len(incidents)]
    time = now - timedelta(minutes=before)
    match kind:
        case "acknowledge":
            changed = [acknowledged(chosen, "x", now, clocks=True)]
        case "comment":
            changed = [commented(chosen, "text", "x", now)]
        case "snooze":
            changed = [snoozed(chosen, now + HOUR, now, HOUR)]
        case "anchor":
            changed = [anchored(chosen, {anchor: time}, "x", now, basis=basis, clocks=True)]
        case "fact":
            changed = [with_facts(chosen, {"encrypted": True}, "x", now)]
        case "decide":
            changed = [decided(chosen, judgement, "x", now, reason=basis, clocks=True)]
        case "settle":
            statement = Statement(end, time, receipt="r", reason=basis, approver="y")
            changed = [settled(chosen, "eu-gdpr-33/sa", statement, "x", now)]
        case "merge":
            whole, ended = merged(chosen, [second], "x", now)
            changed = [*ended, whole]
        case "split":
            changed = [*split(chosen, Part(f"r{other % 2}", chosen.alert_ids[:other]), "x", now)]
            if changed[1].id in known:
                return known
        case _:
            changed = [closed(chosen, [], "x", now, "done")]
    return known | {case.id: case for case in changed}


@given(CHANGES)
def test_nothing_is_lost_and_nothing_gets_later_without_a_basis(changes: list[Any]) -> None:
    """Of each incident: decisions, comments, anchors, facts, settlements stay; of all together: the alerts. That an obligation does
    not apply has to be decided again of what several incidents became.
    """
    known = made()
    for minute, change in enumerate(changes):
        before = known
        with suppress(LeaklineError):
            known = apply(known, change, minute)
        assert known.keys() >= before.keys()
        assert sum(case.alerts for case in known.values() if case.state != "merged") == 15
        for number, old in before.items():
            check(old, known[number], change)


def check(old: Incident, new: Incident, change: Any) -> None:
    """What holds between an incident and what it became."""
    assert new.decisions[: len(old.decisions)] == old.decisions
    assert new.comments[: len(old.comments)] == old.comments
    assert new.facts.keys() >= old.facts.keys()
    gone = old.settlements.keys() - new.settlements.keys()
    assert not gone or (change[0] == "merge" and {old.settlements[name].end for name in gone} == {"not-applicable"})
    assert new.detected_at <= old.detected_at
    assert new.has_clocks >= old.has_clocks
    assert new.state == old.state or len(new.decisions) > len(old.decisions)
    for name, anchor in old.anchors.items():
        if new.anchors[name].time > anchor.time:
            assert change[0] == "anchor"
            assert new.anchors[name].basis
    for name, settlement in old.settlements.items():
        if settlement.end == "sent" and new.settlements[name] != settlement:
            after = new.settlements[name]
            assert after.reason or after.at <= settlement.at
