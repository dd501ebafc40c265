"""Whatever happens to an incident: nobody is told too early, or one thing twice under two ids, and while it waits somebody is next."""

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.notice.escalation.activity import calls, last_activity
from agent.notice.escalation.audit import behind
from agent.notice.escalation.escalation import ESCALATION, decode, step_time
from agent.notice.escalation.outcome import all_failed
from agent.notice.incidents.book import waits
from tests.notice.clocks.life import BEGIN
from tests.notice.escalation.called import HOUR, MINUTE, POLICY, CalledLife, arranged

ACTIONS = st.lists(
    st.sampled_from(
        [
            *("minutes", "minutes", "quarter", "hours", "outage", "back"),
            *("acknowledge", "comment", "snooze", "window", "accept", "fail", "fail for good", "restart"),
            *("nobody", "somebody", "contain", "reopen", "graver"),
        ]
    ),
    max_size=25,
)


class WatchedLife(CalledLife):
    """Each look tells only what was to be told then, by what was stored before it."""

    def look(self) -> None:
        known = {message.id for message in self.messages("escalation")}
        data = self.recall(ESCALATION + "inc-1")
        before = decode(data) if data is not None else None
        is_failure = before is not None and all_failed(self.recall, before)
        super().look()
        new = [message.id for message in self.messages("escalation") if message.id not in known]
        if not new:
            return
        incident = self.incident("inc-1")
        is_grave = incident.level == "critical"
        held = [until for until in (incident.snoozed_until, self.window) if until is not None and until > self.now]
        assert is_grave or not held, "somebody was told during a snooze or a window"
        if before is None or before.state == "over" or (is_grave and before.policy.name != "grave"):
            return  # it begins
        if before.state == "acknowledged":
            assert last_activity(incident) + POLICY.acknowledgement <= self.now
        elif not is_failure and before.fired is not None and before.fired.messages:
            assert step_time(before, before.next) <= self.now, "somebody was told before it was due"


def happens(life: CalledLife, action: str) -> None:
    """One thing, as people, channels and time bring it."""
    match action:
        case "minutes":
            life.pass_by(3 * MINUTE)
        case "quarter":
            life.pass_by(15 * MINUTE)
        case "hours":
            life.pass_by(5 * HOUR, 20 * MINUTE)
        case "outage":
            life.now += 2 * HOUR
            life.restart()
        case "back":
            life.pass_to(life.now - 10 * MINUTE)
        case "acknowledge" if waits(life.incident("inc-1")):
            life.acknowledge()
        case "comment":
            life.change("inc-1", lambda found: replace(found, assignee=f"{found.assignee}x"))
        case "snooze":
            life.change("inc-1", lambda found: replace(found, snoozed_until=life.now + HOUR))
        case "window":
            life.window = life.now + HOUR
        case "accept" | "fail" | "fail for good":
            life.deliver(accepted=action == "accept", for_good=action == "fail for good")
        case "restart":
            life.restart()
        case "nobody":
            life.roster.there = []
        case "somebody":
            life.roster.there = ["ana", "ben", "cleo"]
        case "contain":
            life.decide("contained")
        case "reopen":
            life.decide("triage")
        case "graver":
            life.change("inc-1", lambda found: replace(found, level="critical"))
    if life.window is not None and life.window <= life.now:
        life.window = None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTIONS)
def test_any_life_of_an_incident(actions: list[str]) -> None:
    """After each thing that happens."""
    grave = POLICY.model_copy(update={"name": "grave", "levels": ["critical"]})
    usual = POLICY.model_copy(update={"levels": ["high"]})
    with tempfile.TemporaryDirectory() as folder:
        life = WatchedLife(Path(folder), arranged(grave, usual))
        try:
            life.open()
            life.look()
            for action in actions:
                happens(life, action)
                holds(life)
        finally:
            life.close()


def holds(life: CalledLife) -> None:
    messages, incident = life.messages("escalation"), life.incident("inc-1")
    assert len({message.id for message in messages}) == len(messages)
    places = [(message.target.channel, message.target.address) for message in messages if not message.has_ended]
    assert len(set(places)) == len(places), "two messages about it wait for one place"
    assert life.settings is not None
    assert list(behind(life.recall, "acme", life.settings, life.now, [])) == []
    if calls(incident) and not incident.is_acknowledged:
        escalation = life.escalation()
        assert escalation.state == "firing"
        assert escalation.next_at is not None
        assert escalation.next_at == step_time(escalation, escalation.next)
        is_held = escalation.held_until is not None
        assert is_held or escalation.next_at > life.now - timedelta(minutes=1) or life.now < BEGIN
    else:
        assert all(message.has_ended for message in messages), "what nobody need know is still to be sent"
