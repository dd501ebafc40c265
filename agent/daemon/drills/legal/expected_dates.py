"""What is expected of the clocks of one regime, and how what was seen differs from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.daemon.drills.legal.legal_life import LegalLife
from agent.daemon.drills.legal.terms import RegimeTerms, TermTable
from agent.notice.deadlines import DETECTED

IN_TIME = timedelta(seconds=1)
"""Within which something is done at its instant: timers count in milliseconds."""


@dataclass(frozen=True, slots=True)
class ExpectedDates:
    """Of one regime."""

    regime: str
    terms: RegimeTerms
    table: TermTable

    def due(self, anchors: Mapping[str, datetime]) -> dict[str, datetime | None]:
        """By obligation, from what is known."""
        return self.terms.ends(self.table.with_presumed(anchors))

    def strict(self, detected: datetime) -> dict[str, datetime | None]:
        return self.table.strict_ends(self.terms, detected)

    @property
    def declared(self) -> list[str]:
        """Anchors that people declare."""
        names = {name for term in self.terms.obligations.values() if not term.prior for name in term.anchors}
        return sorted(names - {DETECTED})

    @property
    def chained(self) -> dict[str, str]:
        """By obligation: the one from whose submission it counts."""
        return {id_: term.prior for id_, term in self.terms.obligations.items() if term.prior}

    def wrong_dates(self, life: LegalLife, expected: Mapping[str, datetime | None], what: str) -> list[str]:
        """A sentence for each clock whose date is another one. `what`: a date of `Clock`."""
        found = {id_: getattr(clock, what) for id_, clock in life.clocks().items()}
        return [
            f"{self.regime}/{id_} has {_said(found.get(id_))}, and the count gives {_said(end)}"
            for id_, end in expected.items()
            if id_ in found and found[id_] != end
        ]

    def wrong_obligations(self, life: LegalLife) -> list[str]:
        clocks = life.clocks()
        missing = [f"{self.regime}/{id_} has no clock" for id_ in self.terms.obligations if id_ not in clocks]
        unknown = [f"{self.regime}/{id_} has a clock that is not expected" for id_ in clocks if id_ not in self.terms.obligations]  # fmt: skip
        return missing + unknown


def wrong_times(
    found: Mapping[str, Sequence[datetime]], expected: Mapping[str, Sequence[datetime]], what: str
) -> list[str]:
    """A sentence for each clock of which something was not recorded at exactly these times, in their order. `what`: of the past."""
    wrong = []
    for id_ in sorted({*found, *expected}):
        seen, wanted = found.get(id_, ()), expected.get(id_, ())
        if len(seen) != len(wanted):
            wrong.append(f"{id_} {what} {len(seen)} times, and {len(wanted)} are expected")
        elif late := [
            (at, due) for at, due in zip(seen, wanted, strict=True) if not timedelta(0) <= at - due <= IN_TIME
        ]:
            wrong.append(f"{id_} {what} at {_said(late[0][0])}, and {_said(late[0][1])} is expected")
    return wrong


def _said(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if time is not None else "no date"
