"""Until when each obligation of a regime must be met, from what is known of an incident.

What is not known never lengthens: an unknown fact leaves an obligation in place and its strictest period, and beside what
counts from a declared anchor a shadow counts from the detection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from agent.notice.counting import periods
from agent.notice.counting.working_days import UnknownCalendar, country_of
from agent.notice.regimes import model
from agent.notice.regimes.model import PRIOR_STAGE, Obligation, Reading, Regime, RegimePack

DETECTED, AWARE = "detected", "aware"
"""Anchors: when a rule matched, and when a person was sure enough."""

Facts = Mapping[str, float | bool]


@dataclass(frozen=True, slots=True)
class LaterReading:
    """An end that can be argued for, and that no alarm waits for."""

    mode: Reading
    due_exclusive: datetime


@dataclass(frozen=True, slots=True)
class DueDate:
    """One obligation, counted from one anchor."""

    regime: str
    obligation: str
    stage: str
    recipient: str
    """The kind, and behind a colon who it is where the pack says so."""
    mode: str
    anchor: str
    """Of several the one that decides."""
    anchored_at: datetime | None
    """None while the anchor is not known."""
    due_exclusive: datetime | None
    """The first instant that is too late, in UTC; None while the anchor is not known."""
    zone: str
    policy: bool
    """Whether the period is our own, because the law names none."""
    shadow: bool
    """Whether it counts from the detection, although the regime counts from something that nobody has declared."""
    applies: bool
    """False where a known fact says that it need not be met."""
    basis: str
    later_readings: Sequence[LaterReading] = ()


class Reckoning:
    """Deadlines by one pack."""

    def __init__(self, pack: RegimePack, zone: str | None = None) -> None:
        """`zone`: where the recipients are, for periods of which the pack does not say that."""
        self._pack = pack
        self._zone = zone

    def due_dates(
        self, regime: Regime, anchors: Mapping[str, datetime], facts: Facts, *, role: str | None = None
    ) -> list[DueDate]:
        """A date for each obligation of the regime, a shadow where the detection is known and the anchor is not.

        `anchors`: aware times, by the pack's names, `prior_stage:` and an obligation's id among them; `role`: in which the
        regime binds, its own unless given. Raises UnknownCalendar.
        """
        return [
            self._counted(regime, duty, anchors, facts)
            for duty in regime.obligations
            if self._is_for(regime, duty, role)
        ]

    def _is_for(self, regime: Regime, duty: Obligation, role: str | None) -> bool:
        if duty.role is not None:
            return duty.role == role
        return role is None or role in regime.roles

    def _counted(self, regime: Regime, duty: Obligation, anchors: Mapping[str, datetime], facts: Facts) -> DueDate:
        applies = duty.applies.holds(facts) if duty.applies else True
        deadline, why = self._deadline(duty, facts)
        reasons = [f"{regime.instrument}, {regime.article}" if regime.article != "-" else regime.instrument, *why]
        if duty.applies is not None and applies is not True:
            reasons.append(f"{'not, for not' if applies is False else 'if'} {duty.applies}")
        elif duty.applies is None and duty.condition:
            reasons.append(f"if {duty.condition}")
        known = self._with_presumed(anchors)
        found = self._end(regime, duty, deadline, known)
        shadow = found is None and DETECTED in anchors and not duty.anchor.startswith(PRIOR_STAGE)
        if shadow:
            found = self._end(regime, duty, deadline, dict.fromkeys(_anchors(duty, deadline), anchors[DETECTED]))
            reasons.append(f"shadow: counted from the detection while {duty.anchor} is not declared")
        anchor, end = found or (duty.anchor, None)
        if end is None:
            reasons.append(f"waits for {duty.anchor}")
        elif anchor not in anchors and not shadow:
            reasons.append(f"{anchor} is taken to be {self._pack.presumed_anchors[anchor]}")
        policy = isinstance(deadline, model.UndueDelay)
        if policy:
            reasons.append("the law names no number: a target of ours")
        zone = self._place(regime, deadline)
        at = anchors[DETECTED] if shadow else known.get(anchor)
        return DueDate(
            regime.id,
            duty.id,
            duty.stage,
            f"{duty.recipient}: {duty.recipient_name}" if duty.recipient_name else duty.recipient,
            deadline.mode,
            DETECTED if shadow else anchor,
            at.astimezone(UTC) if at is not None else None,
            end,
            zone.key,
            policy=policy,
            shadow=shadow,
            applies=applies is not False,
            basis="; ".join(reasons),
            later_readings=self._later(duty, deadline, at, zone),
        )

    def _deadline(self, duty: Obligation, facts: Facts) -> tuple[model.Deadline, list[str]]:
        for variant in duty.variants:
            if variant.if_.holds(facts):
                return variant.deadline, [f"for {variant.if_}"]
        open_ = [variant.if_ for variant in duty.variants if variant.if_.holds(facts) is None]
        return duty.deadline, [f"another period if {test}" for test in open_]

    def _with_presumed(self, anchors: Mapping[str, datetime]) -> Mapping[str, datetime]:
        presumed = {
            anchor: anchors[taken]
            for anchor, taken in self._pack.presumed_anchors.items()
            if anchor not in anchors and taken in anchors
        }
        return {**anchors, **presumed}

    def _end(
        self, regime: Regime, duty: Obligation, deadline: model.Deadline, anchors: Mapping[str, datetime]
    ) -> tuple[str, datetime] | None:
        """The anchor that decides, and the end; None while no anchor is known."""
        if isinstance(deadline, model.Earliest):
            return _earliest(deadline, anchors)
        anchor = anchors.get(duty.anchor)
        return (duty.anchor, self._period(deadline, anchor, self._place(regime, deadline))) if anchor else None

    def _period(self, deadline: model.Deadline, anchor: datetime, zone: ZoneInfo) -> datetime:
        match deadline:
            case model.Hours():
                return periods.hours(anchor, deadline.value)
            case model.UndueDelay():
                return periods.hours(anchor, deadline.policy_target_hours)
            case model.CalendarDays():
                return periods.calendar_days(anchor, deadline.value, zone, _roll(deadline.roll, zone))
            case model.Months():
                return periods.months(anchor, deadline.value, zone, _roll(deadline.roll, zone))
            case model.BusinessDays():
                return periods.business_days(anchor, deadline.value, zone, deadline.calendar)
            case model.AfterYearEnd():
                return periods.days_after_year_end(anchor, deadline.value, zone)
        raise TypeError(f"{deadline.mode} is not a period")

    def _place(self, regime: Regime, deadline: model.Deadline) -> ZoneInfo:
        """Where the period ends: as the obligation has it, then the settings, then the regime."""
        return ZoneInfo(getattr(deadline, "zone", None) or self._zone or regime.zone)

    def _later(
        self, duty: Obligation, deadline: model.Deadline, anchor: datetime | None, zone: ZoneInfo
    ) -> Sequence[LaterReading]:
        if anchor is None or not isinstance(deadline, model.Hours):
            return ()
        ends: dict[Reading, datetime] = {}
        for reading in duty.later_readings:
            if reading == "eu_hours_1182":
                ends[reading] = periods.eu_hours(anchor, deadline.value, zone)
                continue
            with suppress(UnknownCalendar):  # it can only be argued for, and the deadline itself needs no calendar
                ends[reading] = periods.eu_two_working_days(anchor, deadline.value, zone, country_of(zone.key))
        return [LaterReading(reading, end) for reading, end in ends.items()]


def _anchors(duty: Obligation, deadline: model.Deadline) -> Sequence[str]:
    return [part.anchor for part in deadline.of] if isinstance(deadline, model.Earliest) else [duty.anchor]


def _earliest(deadline: model.Earliest, anchors: Mapping[str, datetime]) -> tuple[str, datetime] | None:
    """Of those whose anchor is known; one that is `late` counts alone where its anchor comes after the others are over."""
    ends = {
        part.anchor: periods.hours(anchors[part.anchor], part.value) for part in deadline.of if part.anchor in anchors
    }
    if not ends:
        return None
    if deadline.late in ends:
        rest = [end for anchor, end in ends.items() if anchor != deadline.late]
        if rest and anchors[deadline.late] >= min(rest):
            return deadline.late, ends[deadline.late]
    return min(ends.items(), key=lambda pair: pair[1])


def _roll(roll: str | None, zone: ZoneInfo) -> str | None:
    return country_of(zone.key) if roll is not None else None
