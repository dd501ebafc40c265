"""Keeps the clocks of one incident after the other, inside a change of the desk: reckons them, and says what changed.

Looking at an incident again changes nothing that is not due: whoever is not sure whether it was looked at looks again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from agent.duration import written
from agent.notice.clock import BASIS, CLOCKS, TIMERS, Clock, encode
from agent.notice.clocks.basis import KnownBasis
from agent.notice.clocks.lateness import Lateness
from agent.notice.clocks.reckon import reckoned
from agent.notice.clocks.shelf import BasisShelf, CurrentBasis
from agent.notice.clocks.stored_clocks import stored_clocks
from agent.notice.clocks.turns import ENDED, KEPT, LATE, PRESUMED, SHADOW_PASSED, Turn, turns
from agent.notice.clocks.upkeep import next_look, presumption, tended
from agent.notice.deadlines import AWARE
from agent.notice.incidents.book import ESCALATE, RECKON
from agent.notice.incidents.desk import IncidentChange
from agent.notice.incidents.growth import BY
from agent.notice.incidents.incident import Anchor, Incident
from agent.notice.incidents.incident_alert import INCIDENT
from agent.notice.settings import NoticeSettings
from agent.notice.timer_keys import first_millisecond
from agent.source import Recall

PROBLEM = "notice-late"


class ClockKeeper:
    """Of one shard. `current`: by what incidents are judged from now on; None where the settings have no `notice`."""

    def __init__(
        self,
        recall: Recall,
        settings: NoticeSettings | None,
        lateness: Lateness,
        current: Callable[[], CurrentBasis | None],
    ) -> None:
        self._recall = recall
        self._settings = settings or NoticeSettings()
        self._lateness = lateness
        self._current = current
        self._shelf = BasisShelf(recall)

    def look(self, change: IncidentChange, number: str, timer: int | None) -> int | None:
        """Do what is due of an incident; returns when it is to be looked at next, in milliseconds, None for never.

        `timer`: when it was to be looked at. Raises ValueError for an incident or clocks that are damaged.
        """
        done: dict[str, bytes | None] = {RECKON + number: None}
        if timer is not None:
            done[TIMERS.key(timer, number)] = None
        incident, at = change.incident(number), None
        if incident is not None:
            at = self._kept(change, tended(change, incident, self._settings))
        following = first_millisecond(at) if at is not None else None
        if following is not None:
            done[TIMERS.key(following, number)] = b""
        change.apply(done)
        return following

    def _kept(self, change: IncidentChange, incident: Incident) -> datetime | None:
        if not incident.has_clocks and not incident.bases:
            return next_look(incident, (), (), self._settings, change.now)
        before = stored_clocks(self._recall, change, incident)
        incident, bases = self._based(change, incident, before)
        incident = self._presumed(change, incident, bases)
        whole = len(bases) == len(incident.bases)
        clocks = reckoned(incident, bases, before, change.now, whole=whole)
        for turn in turns(before, clocks):
            self._tell(change, incident, turn)
        _end_problems(change, incident, before, clocks)
        if clocks != before:
            change.apply({CLOCKS + incident.id: encode(clocks), ESCALATE + incident.id: b""})
        return next_look(incident, clocks, bases, self._settings, change.now)

    # By what they are reckoned

    def _based(
        self, change: IncidentChange, incident: Incident, before: Sequence[Clock]
    ) -> tuple[Incident, list[KnownBasis]]:
        """With the basis of now, and with those of incidents that it is made of."""
        current = self._current()
        sources = [_readable(change, other) for other in (*incident.merged_from, incident.split_from) if other]
        inherited = [digest for source in sources if source is not None for digest in source.bases]
        digests = list(dict.fromkeys([*incident.bases, *inherited]))
        runs = not before or any(not clock.has_ended for clock in before)
        is_newer = current is not None and runs and current.known.digest not in digests
        if current is not None and is_newer:
            self._store(change, current)
            if digests:
                self._tell_kept(change, incident, self._shelf.find(digests, current), before, current.known)
            digests.append(current.known.digest)
        if digests != list(incident.bases):
            incident = change.keep(incident, replace(incident, bases=tuple(digests)))
        return incident, self._shelf.find(digests, current)

    def _store(self, change: IncidentChange, current: CurrentBasis) -> None:
        if self._recall(BASIS + current.known.digest) is None:
            change.apply(current.stored())

    def _tell_kept(
        self,
        change: IncidentChange,
        incident: Incident,
        bases: Sequence[KnownBasis],
        before: Sequence[Clock],
        newer: KnownBasis,
    ) -> None:
        """Once: which dates stay although the newer basis alone would give a later one, or none."""
        alone = {clock.id: clock for clock in reckoned(incident, [newer], (), change.now)}
        kept = [
            clock
            for clock in reckoned(incident, bases, before, change.now)
            if not clock.has_ended and clock.next_due is not None and _lengthens(alone.get(clock.id), clock)
        ]
        if kept:
            self._tell(change, incident, Turn(KEPT, kept), {"newer": newer.digest, "pack": newer.title})

    # What is said

    def _presumed(self, change: IncidentChange, incident: Incident, bases: Sequence[KnownBasis]) -> Incident:
        """A presumption is no decision: the state stays what people made of it."""
        at = presumption(incident, bases)
        if at is None or at > change.now:
            return incident
        span = written(at - incident.detected_at)
        basis = f"awareness is presumed: within {span} of the detection no person decided whether it is a breach"
        anchor = Anchor(at, BY, change.now, basis, presumed=True)
        late = self._lateness.words(at, change.now, is_new=False)
        return change.put(
            incident,
            replace(incident, anchors={**incident.anchors, AWARE: anchor}),
            PRESUMED,
            f"{incident.id}: {basis}, from {at:%Y-%m-%d %H:%M} UTC on{late}",
            by=BY,
            data={"anchor": AWARE, "time": at.isoformat(), "basis": basis, "presumed": True},
            further={"leakline.clock.anchor": AWARE, "leakline.clock.presumed": True},
            reckon=False,
        )

    def _tell(
        self,
        change: IncidentChange,
        incident: Incident,
        turn: Turn,
        data: Mapping[str, str] | None = None,
    ) -> None:
        clock, late = turn.first, ""
        passed = {LATE: clock.due, SHADOW_PASSED: clock.shadow_due}.get(turn.action)
        if passed is not None:
            late = self._lateness.words(passed, change.now, is_new=passed <= _known_since(incident, clock))
        message = turn.message(incident, late)
        change.tell(
            incident,
            turn.action,
            message,
            by=BY,
            data={**turn.data(), **(data or {})},
            personal=turn.personal() if turn.action == ENDED else None,
            further=turn.fields(),
        )
        if turn.action == LATE and incident.origin != "drill":
            fields = {INCIDENT: incident.id}
            change.problems.report(PROBLEM, _subject(incident, clock), message, org=incident.org, fields=fields)


def _readable(change: IncidentChange, number: str) -> Incident | None:
    """None for one that is damaged: that is its own trouble, and told of it."""
    with suppress(ValueError):
        return change.incident(number)
    return None


def _known_since(incident: Incident, clock: Clock) -> datetime:
    """Since when it could be known that the clock's date is the one it is."""
    anchor = incident.anchors.get(clock.anchor)
    declared = anchor.at if anchor is not None and not anchor.presumed else incident.opened_at
    return max(incident.opened_at, declared)


def _lengthens(newer: Clock | None, older: Clock) -> bool:
    if newer is None or newer.has_ended or newer.next_due is None:
        return True
    return any(
        date is not None and (other is None or other > date)
        for date, other in ((older.due, newer.due), (older.shadow_due, newer.shadow_due))
    )


def _end_problems(change: IncidentChange, incident: Incident, before: Sequence[Clock], clocks: Sequence[Clock]) -> None:
    now = {clock.id: clock for clock in clocks}
    for clock in before:
        after = now.get(clock.id, clock)
        if clock.state == "late" and after.state != "late":
            words = f"{after.state}" if after.has_ended else "due at another time"
            change.problems.over(PROBLEM, _subject(incident, clock), f"{incident.id}: {clock.id} is {words}")


def _subject(incident: Incident, clock: Clock) -> str:
    return f"{incident.id}/{clock.id}"
