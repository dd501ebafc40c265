"""Until when each obligation must be met, counted a second time: day by day, from a table that was written beside the pack.

It shares no code with `agent.notice.deadlines` and `agent.notice.counting`, on purpose: an error there is not made here too.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import yaml
from pydantic import BaseModel, ConfigDict, Field

from agent.notice.regimes.model import PRIOR_STAGE

TABLE = Path(__file__).with_name("terms.yaml")

Anchors = Mapping[str, datetime]
"""By their names: aware times in UTC."""

SATURDAY = 5


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LegalTerm(_Row):
    """One obligation; the head of `terms.yaml` says what its members are."""

    from_: str = Field(default="", alias="from")
    hours: float = 0
    target: float = 0
    days: int = 0
    months: int = 0
    business_days: int = 0
    days_after_year: int = 0
    earliest: Mapping[str, float] = Field(default_factory=dict)
    late: str = ""
    zone: str = ""
    works: str = ""
    rolls: str = ""

    def __str__(self) -> str:
        words = self.model_dump(by_alias=True, exclude_defaults=True)
        return ", ".join(
            f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in words.items()
        )

    @property
    def anchors(self) -> list[str]:
        return list(self.earliest) or [self.from_]

    @property
    def prior(self) -> str:
        """The obligation from whose submission it counts; empty for what is no later stage."""
        return self.from_.removeprefix(PRIOR_STAGE) if self.from_.startswith(PRIOR_STAGE) else ""

    def end(self, anchors: Anchors, zone: str) -> datetime | None:
        """The first instant that is too late, in UTC; None while its anchor is not known. `zone`: of the regime."""
        if self.earliest:
            return self._earliest(anchors)
        at = anchors.get(self.from_)
        if at is None:
            return None
        if self.hours or self.target:
            return at + timedelta(hours=self.hours or self.target)
        place = ZoneInfo(self.zone or zone)
        after = self._last_day(at.astimezone(place).date()) + timedelta(days=1)
        return datetime.combine(after, time(), place).astimezone(UTC)

    def _earliest(self, anchors: Anchors) -> datetime | None:
        ends = {
            name: anchors[name] + timedelta(hours=hours) for name, hours in self.earliest.items() if name in anchors
        }
        usual = [end for name, end in ends.items() if name != self.late]
        if self.late in ends and usual and anchors[self.late] >= min(usual):
            return ends[self.late]
        return min(ends.values(), default=None)

    def _last_day(self, day: date) -> date:
        """The day of the anchor is not counted."""
        if self.days_after_year:
            return date(day.year, 12, 31) + timedelta(days=self.days_after_year)
        if self.business_days:
            left = self.business_days
            while left:
                day += timedelta(days=1)
                left -= _is_working_day(day, self.works)
            return day
        day = _months_later(day, self.months) + timedelta(days=self.days)
        while self.rolls and not _is_working_day(day, self.rolls):
            day += timedelta(days=1)
        return day


class RegimeTerms(_Row):
    """Of one regime."""

    zone: str
    obligations: Mapping[str, LegalTerm]

    def ends(self, anchors: Anchors) -> dict[str, datetime | None]:
        """By obligation."""
        return {id_: term.end(anchors, self.zone) for id_, term in self.obligations.items()}


class TermTable(_Row):
    """The whole file."""

    pack: str
    version: str
    """Of the pack beside which it was written."""
    presumed: Mapping[str, str]
    """Anchors that are taken to be another one as long as no person declares them."""
    no_knowing: tuple[str, ...]
    """Anchors for which the detection never stands."""
    regimes: Mapping[str, RegimeTerms]

    def with_presumed(self, anchors: Anchors) -> dict[str, datetime]:
        presumed = {name: anchors[of] for name, of in self.presumed.items() if of in anchors}
        return {**presumed, **anchors}

    def strict_ends(self, terms: RegimeTerms, detected: datetime) -> dict[str, datetime | None]:
        """By obligation: counted from the detection, which stands for every kind of knowing; None for what has no such date."""
        found = {}
        for id_, term in terms.obligations.items():
            knowing = not term.prior and not set(term.anchors) <= set(self.no_knowing)
            found[id_] = term.end(dict.fromkeys(term.anchors, detected), terms.zone) if knowing else None
        return found


@lru_cache(maxsize=1)
def term_table() -> TermTable:
    return TermTable.model_validate(yaml.load(TABLE.read_bytes(), yaml.CSafeLoader))


def _months_later(day: date, count: int) -> date:
    """The same day of the month, or the last one of a shorter month."""
    month = day.month - 1 + count
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _is_working_day(day: date, country: str) -> bool:
    return day.weekday() < SATURDAY and day not in holidays.country_holidays(country, years=day.year)
