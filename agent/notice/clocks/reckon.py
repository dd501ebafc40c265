"""The clocks of an incident, reckoned from what is known of it and from every basis by which it was ever judged.

Of several bases the earliest date counts: a newer pack and changed settings add or shorten, and neither lengthens or removes. What
a person declared, decided or settled counts as it stands now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from agent.notice.clock import Clock, ClockState
from agent.notice.clocks.basis import KnownBasis
from agent.notice.clocks.dates import ObligationDates, dates
from agent.notice.declared import EVENT
from agent.notice.incidents.incident import Incident, Settlement, State

LEGAL = frozenset({"authority", "data_subjects", "media", "credit_bureaus"})
"""Recipients of whom `not-notifiable` speaks; what contracts, markets and partners ask for goes on."""

NO_RECIPIENT = "drill, without a recipient"
"""In place of the name of whoever a notice goes to."""

LAST = datetime.max.replace(tzinfo=UTC)

ENDS: dict[str, ClockState] = {"sent": "sent", "not-applicable": "not-applicable", "late": "explained"}
"""By the end of a settlement."""


def reckoned(
    incident: Incident, bases: Sequence[KnownBasis], before: Sequence[Clock], now: datetime, *, whole: bool = True
) -> list[Clock]:
    """In the order of the packs. `before`: as they were reckoned last; those that no basis has stay. `whole`: whether all bases
    could be read; of one that could not, the dates stay until an anchor moves.
    """
    known = {clock.id: clock for clock in before}
    found: dict[str, list[ObligationDates]] = {}
    for basis in bases:
        for date in dates(incident, basis, now.date()):
            found.setdefault(f"{date.legal.regime}/{date.legal.obligation}", []).append(date)
    clocks = [_clock(incident, of, known.get(id_), now) for id_, of in found.items()]
    clocks += [_with_state(incident, clock, "", now) for clock in before if clock.id not in found]
    if not whole:
        clocks = [_no_later(clock, known.get(clock.id)) for clock in clocks]
    return [_passed(clock, known.get(clock.id), now) for clock in clocks]


def _clock(incident: Incident, found: Sequence[ObligationDates], before: Clock | None, now: datetime) -> Clock:
    clock = _strictest(incident, found, before, now)
    if before is None or not (before.has_ended and clock.has_ended):
        return clock
    # What has ended is reckoned as it was when it ended: a newer pack makes no notice late that was in time.
    of_its_time = [date for date in found if date.by == before.by]
    return _strictest(incident, of_its_time, before, now) if of_its_time else clock


def _strictest(incident: Incident, found: Sequence[ObligationDates], before: Clock | None, now: datetime) -> Clock:
    """Of what the bases say, which is one obligation each."""
    applying = [date for date in found if date.legal.applies]
    strictest = min(applying or found, key=lambda date: (date.due or LAST, date.shadow_due or LAST))
    legal = strictest.legal
    clock = Clock(
        legal.regime,
        legal.obligation,
        legal.stage,
        _recipient(incident, legal.recipient),
        "waiting",
        strictest.anchor,
        legal.anchored_at if strictest.due is not None else None,
        strictest.due,
        _first(date.shadow_due for date in applying or found),
        (before.planned_due if before else None) or _first(date.planned_due for date in applying or found),
        presumed=strictest.due is not None and strictest.presumed,
        policy=legal.policy,
        basis="; ".join([legal.basis, *_doubts(incident, strictest)]),
        by=strictest.by,
        zone=legal.zone,
        ended_at=before.ended_at if before else None,
        passed_shadow=before.passed_shadow if before else False,
    )
    return _with_state(incident, clock, "" if applying else legal.basis, now)


def _recipient(incident: Incident, recipient: str) -> str:
    """The kind and perhaps a name behind a colon. A drill goes to nobody outside, and wherever its clocks are shown, they say so."""
    return f"{recipient.partition(':')[0]}: {NO_RECIPIENT}" if incident.origin == "drill" else recipient


def _no_later(clock: Clock, before: Clock | None) -> Clock:
    """With the earlier of both dates, where the same instant is counted from."""
    if before is None or clock.has_ended:
        return clock
    same = before.anchored_at == clock.anchored_at
    due = _first([clock.due, before.due]) if same else clock.due
    return replace(clock, due=due, shadow_due=_first([clock.shadow_due, before.shadow_due]))


def _first(dates: Iterable[datetime | None]) -> datetime | None:
    return min((date for date in dates if date is not None), default=None)


def _doubts(incident: Incident, date: ObligationDates) -> list[str]:
    """What contradicts itself is counted as it was declared, and said."""
    anchored = date.legal.anchored_at
    begin = incident.anchors[EVENT].time if EVENT in incident.anchors else incident.first_event
    if anchored is None or date.due is None or anchored >= begin:
        return []
    return [f"{date.anchor} is before the event ({begin.isoformat()}): one of the two is wrong"]


def _with_state(incident: Incident, clock: Clock, need_not: str, now: datetime) -> Clock:
    """How it ended, if it has. `clock`: with the time at which it had ended before; `need_not`: why a fact says that it need not
    be met, empty where none does.
    """
    settlement = incident.settlements.get(clock.id)
    decision = _decision(incident, clock)
    if settlement is not None:
        return replace(
            clock,
            state=ENDS[settlement.end],
            ended_at=settlement.at,
            receipt=settlement.receipt,
            reason=_reason(settlement),
        )
    if decision is not None:
        ended_at, reason = decision
        return replace(clock, state="not-applicable", ended_at=ended_at, receipt="", reason=reason)
    if need_not:
        ended_at = clock.ended_at or now
        return replace(clock, state="not-applicable", ended_at=ended_at, receipt="", reason=need_not)
    running: ClockState = "running" if clock.next_due is not None else "waiting"
    return replace(clock, state=running, ended_at=None, receipt="", reason="")


def _decision(incident: Incident, clock: Clock) -> tuple[datetime, str] | None:
    """When and why the state of the incident ends the clock."""
    kind = clock.recipient.partition(":")[0]
    if incident.state == "merged":
        return _last(incident, "merged")[0], f"merged into {incident.merged_into}, whose clocks count"
    if incident.state == "not-a-breach" or (incident.state == "not-notifiable" and kind in LEGAL):
        at, why = _last(incident, incident.state)
        return at, f"{incident.state}: {why}"
    return None


def _last(incident: Incident, state: State) -> tuple[datetime, str]:
    for decision in reversed(incident.decisions):
        if decision.state == state:
            return decision.at, f"{decision.reason or 'no reason was given'} (decided by {decision.by})"
    return incident.opened_at, "no decision is recorded"


def _reason(settlement: Settlement) -> str:
    by = f"approved by {settlement.approver}" if settlement.approver else f"recorded by {settlement.by}"
    return f"{settlement.reason} ({by})" if settlement.reason else ""


def _passed(clock: Clock, before: Clock | None, now: datetime) -> Clock:
    """Late once its date has passed, and for as long as that date stays: a clock that is set back makes nothing early again."""
    if clock.has_ended:
        return clock
    was_late = before is not None and before.state == "late" and before.due == clock.due
    told = clock.passed_shadow and before is not None and before.shadow_due == clock.shadow_due
    state: ClockState = clock.state
    if clock.due is not None and (was_late or now >= clock.due):
        state = "late"
    passed = told or (clock.shadow_due is not None and now >= clock.shadow_due)
    return replace(clock, state=state, passed_shadow=passed)
