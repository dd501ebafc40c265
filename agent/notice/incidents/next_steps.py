"""What to do about an incident next, in order. It is no advice on the law: it follows the states, anchors, facts and clocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.notice.clock import Clock
from agent.notice.incidents.incident import Incident
from agent.wording.number import counted

MOST_DUTIES = 5
"""Obligations that are named one by one."""

NEEDED_FACTS = ("data_categories", "persons_affected", "records_affected", "likely_consequences", "measures_taken")
"""What a notice contains (GDPR Art. 33(3)) and nobody but a person knows for certain."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do."""

    what: str
    command: str = ""
    """With which it is recorded."""


def next_steps(incident: Incident, clocks: Sequence[Clock], now: datetime) -> list[Step]:
    """Nothing for one that has ended, but for contracts that ask for a notice all the same."""
    left = [clock for clock in clocks if not clock.has_ended and clock.id not in incident.settlements]
    if incident.state == "not-notifiable":
        return [step for step in _duties(incident, left, now) if "decide" in step.command]
    if not incident.is_open:
        return []
    if incident.state == "candidate":
        return [
            Step("look at its alerts; if it may be more than noise, take it up", _command(incident, "acknowledge")),
            Step("else close it", _command(incident, "close", '--reason "…"')),
        ]
    return [*_judging(incident), *_duties(incident, left, now), *_facts(incident), *_ending(incident, clocks, left)]


def _judging(incident: Incident) -> Iterator[Step]:
    if not incident.is_acknowledged:
        yield Step("acknowledge it: the record shows when the investigation began", _command(incident, "acknowledge"))
    aware = incident.anchors.get("aware")
    if aware is None:
        yield Step(
            "find out whether personal data were compromised; declare from when you are reasonably sure",
            _command(incident, "anchor", "aware=TIME"),
        )
        yield Step("or decide that they were not", _command(incident, "decide", 'not-a-breach --reason "…"'))
    elif aware.presumed:
        yield Step(
            f"awareness is presumed from {aware.time:%Y-%m-%d %H:%M} UTC on: declare it, or decide that it is not a breach",
            _command(incident, "anchor", 'aware=TIME --basis "…"'),
        )
    if "event" not in incident.anchors:
        yield Step(
            f"declare when it began; the evidence begins {incident.first_event:%Y-%m-%d %H:%M} UTC",
            _command(incident, "anchor", "occurred=TIME"),
        )


def _duties(incident: Incident, left: Sequence[Clock], now: datetime) -> Iterator[Step]:
    dated = [(due, clock) for clock in left if (due := clock.next_due) is not None]
    dated.sort(key=lambda pair: (pair[0], pair[1].id))
    for due, clock in dated[:MOST_DUTIES]:
        late = clock.due is not None and clock.due <= now
        passed = "late since" if late else "past the strict date since"
        since = clock.due if late and clock.due is not None else due
        what = f"{passed if since <= now else 'before'} {since:%Y-%m-%d %H:%M} UTC: {clock.id} to {clock.recipient}"
        if clock.due is None and clock.shadow_due is not None:
            what += " (counted from the detection)"
        yield Step(what, _command(incident, "decide", f"sent --obligation {clock.id} --receipt REF"))
    for _, clock in dated[:1]:
        draft = f"leakline notices draft {incident.id} {clock.id}"
        yield Step(f"draft the notice of {clock.id}: the draft shows what is missing", draft)
    if len(dated) > MOST_DUTIES:
        yield Step(f"and {counted(len(dated) - MOST_DUTIES, 'further obligation')} with a date", "leakline clocks list")
    waiting = sorted(
        {clock.anchor for clock in left if clock.next_due is None and not clock.anchor.startswith("prior")}
    )
    if waiting:
        yield Step(
            f"obligations wait for {', '.join(waiting)}: declare each when it happens",
            _command(incident, "anchor", f"{waiting[0]}=TIME"),
        )


def _facts(incident: Incident) -> Iterator[Step]:
    missing = [name for name in NEEDED_FACTS if name not in incident.facts or incident.facts[name].estimated]
    if missing and "aware" in incident.anchors:
        yield Step(
            f"record what a notice has to contain: {', '.join(missing)}",
            _command(incident, "fact", f"{missing[0]}=VALUE"),
        )


def _ending(incident: Incident, clocks: Sequence[Clock], left: Sequence[Clock]) -> Iterator[Step]:
    if incident.state == "confirmed":
        yield Step("when nothing more can leak, record it", _command(incident, "decide", "contained"))
    reckoned = bool(clocks) or not incident.has_clocks
    if incident.state in ("contained", "notified") and reckoned and not left:
        yield Step("every obligation has its end: close it", _command(incident, "close", '--reason "…"'))


def _command(incident: Incident, verb: str, rest: str = "") -> str:
    return f"leakline incidents {verb} {incident.id} {rest}".rstrip()
