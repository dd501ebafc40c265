"""The dates of an incident's obligations by one basis: the one of the law, the strict one, and the one that is planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime

from agent.notice.clocks.basis import KnownBasis
from agent.notice.counting.working_days import UnknownCalendar
from agent.notice.deadlines import DETECTED, DueDate, Reckoning
from agent.notice.declared import EVENT
from agent.notice.incidents.incident import Incident
from agent.notice.regimes.binding import bindings
from agent.notice.regimes.model import PRIOR_STAGE, Earliest, Obligation, Regime, RegimePack

NOTIFIED, PEOPLE = "individuals_notified", "data_subjects"
"""The anchor that is the first notice to people, and the kind of recipient that they are."""


@dataclass(frozen=True, slots=True)
class ObligationDates:
    """One obligation by one basis. Instants are the first that are too late, in UTC."""

    legal: DueDate
    """Counted from the anchor of the law; its instant is the strict one where it says `shadow`."""
    due: datetime | None
    """By the law; None while its anchor is not known."""
    shadow_due: datetime | None
    """Counted from the detection in place of every other anchor; None for what the detection says nothing of."""
    planned_due: datetime | None
    """Where every earlier stage is sent on its last day."""
    presumed: bool
    """Whether `due` counts from what nobody declared."""
    anchor: str
    """Of the law."""
    by: str
    """The digest of the basis."""


def dates(incident: Incident, known: KnownBasis, day: date) -> Iterator[ObligationDates]:
    """Of every obligation that binds on this day, whether it applies or not."""
    facts = {
        name: fact.value
        for name, fact in incident.facts.items()
        if not fact.estimated and isinstance(fact.value, bool | int | float)
    }
    for binding in bindings(known.pack, known.basis, day):
        anchors = anchors_of(incident, binding.regime)
        for role in binding.roles:
            count = _Count(known, binding.regime, role, facts)
            yield from count.all(incident, anchors)


def anchors_of(incident: Incident, regime: Regime) -> dict[str, datetime]:
    """All that is known, by the pack's names; of earlier stages when they were sent."""
    found = {name: anchor.time for name, anchor in incident.anchors.items() if not name.startswith(PRIOR_STAGE)}
    found[DETECTED] = min(incident.detected_at, found.get(DETECTED, incident.detected_at))
    found.setdefault(EVENT, incident.first_event)
    for duty in regime.obligations:
        settlement = incident.settlements.get(f"{regime.id}/{duty.id}")
        if settlement is not None and settlement.end == "sent":
            found[PRIOR_STAGE + duty.id] = settlement.at
            if duty.recipient == PEOPLE and NOTIFIED not in incident.anchors:
                found[NOTIFIED] = min(settlement.at, found.get(NOTIFIED, settlement.at))
    return found


class _Count:
    """Of one regime in one role."""

    def __init__(self, known: KnownBasis, regime: Regime, role: str | None, facts: Mapping[str, float | bool]) -> None:
        self._known = known
        self._regime = regime
        self._role = role
        self._facts = facts

    def all(self, incident: Incident, anchors: Mapping[str, datetime]) -> Iterator[ObligationDates]:
        legal = {found.obligation: found for found in self._due(anchors)}
        shadows = {found.obligation: found.due_exclusive for found in self._due({DETECTED: anchors[DETECTED]})}
        duties = {duty.id: duty for duty in self._regime.obligations}
        planned = self._planned(anchors, legal, duties)
        for id_, found in legal.items():
            duty = duties[id_]
            yield ObligationDates(
                found,
                None if found.shadow else found.due_exclusive,
                shadows.get(id_) if _has_shadow(duty, self._known.pack) else None,
                planned.get(id_),
                _is_presumed(incident, found.anchor, anchors),
                duty.anchor if found.shadow else found.anchor,
                self._known.digest,
            )

    def _due(self, anchors: Mapping[str, datetime]) -> list[DueDate]:
        """In the place of the settings or in that of the regime, whichever ends earlier: a place says where somebody is, and gives
        nobody more time. Where nobody knows the holidays of a place, in the other.
        """
        by_place: list[list[DueDate]] = []
        for zone in dict.fromkeys((self._known.basis.zone, None)):
            with suppress(UnknownCalendar):
                reckoning = Reckoning(self._known.pack, zone)
                by_place.append(reckoning.due_dates(self._regime, anchors, self._facts, role=self._role))
        return [min(found, key=_end) for found in zip(*by_place, strict=True)]

    def _planned(
        self, anchors: Mapping[str, datetime], legal: Mapping[str, DueDate], duties: Mapping[str, Obligation]
    ) -> dict[str, datetime]:
        """Those of earlier stages first: as long as one that is found gives another."""
        planned = {id_: found.due_exclusive for id_, found in legal.items() if found.due_exclusive is not None}
        if not any(duty.anchor.startswith(PRIOR_STAGE) for duty in duties.values()):
            return planned
        for _ in duties:
            stages = {PRIOR_STAGE + id_: due for id_, due in planned.items()}
            further = {found.obligation: found.due_exclusive for found in self._due({**stages, **anchors})}
            planned = {id_: due for id_, due in further.items() if due is not None}
        return planned


def _end(found: DueDate) -> datetime:
    return found.due_exclusive or datetime.max.replace(tzinfo=UTC)


def _is_presumed(incident: Incident, anchor: str, anchors: Mapping[str, datetime]) -> bool:
    """Whether nobody declared it: the pack takes it to be another one, or too long nobody decided."""
    declared = incident.anchors.get(anchor)
    return declared.presumed if declared is not None else anchor not in anchors


def _has_shadow(duty: Obligation, pack: RegimePack) -> bool:
    several = [part.anchor for part in duty.deadline.of] if isinstance(duty.deadline, Earliest) else [duty.anchor]
    return any(anchor not in pack.no_shadow and not anchor.startswith(PRIOR_STAGE) for anchor in several)
