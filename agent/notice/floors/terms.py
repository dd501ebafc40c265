"""The terms of the laws that bind by some settings, each as the shortest span of time that it can be.

Laws that are not in force yet count like those that are: settings are written once, and a law begins on a day on which nobody looks at
them. Contracts do not count: the settings themselves say what they ask for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from agent.notice.counting.periods import HOUR
from agent.notice.counting.working_days import DAY
from agent.notice.deadlines import AWARE
from agent.notice.regimes import model
from agent.notice.regimes.binding import Binding, bindings
from agent.notice.regimes.model import PRIOR_STAGE, Obligation, Regime, RegimePack
from agent.notice.regimes.scope import Scope

SHORTEST_MONTH = 28 * DAY


@dataclass(frozen=True, slots=True)
class Term:
    """How long somebody has at the least, from an anchor on."""

    regime: Regime
    duty: Obligation
    anchor: str
    span: timedelta

    @property
    def id(self) -> str:
        """`regime/obligation`."""
        return f"{self.regime.id}/{self.duty.id}"

    @property
    def article(self) -> str:
        return article_of(self.regime)


def article_of(regime: Regime) -> str:
    """With its instrument."""
    return regime.instrument if regime.article == "-" else f"{regime.instrument}, {regime.article}"


def laws(pack: RegimePack, settings: Scope) -> list[Binding]:
    """Of the pack's regimes those that bind, now or once they are in force."""
    known = {regime.id for regime in pack.regimes}
    return [binding for binding in bindings(pack, settings, date.max) if binding.regime.id in known]


def strict_terms(pack: RegimePack, settings: Scope) -> list[Term]:
    """Those that have a strict date: which count from a kind of knowing, and so from the detection until somebody knows."""
    found = [
        term for binding in laws(pack, settings) for duty in binding.duties for term in _terms(binding.regime, duty)
    ]
    return [term for term in found if term.anchor not in pack.no_shadow and not term.anchor.startswith(PRIOR_STAGE)]


def terms_from_awareness(pack: RegimePack, settings: Scope) -> list[Term]:
    """Those that count from when somebody is aware."""
    as_aware = {AWARE} | {anchor for anchor, taken in pack.presumed_anchors.items() if taken == AWARE}
    return [term for term in strict_terms(pack, settings) if term.anchor in as_aware]


def shortest(terms: Iterable[Term]) -> Term | None:
    """None where there are none."""
    return min(terms, key=lambda term: term.span, default=None)


def _terms(regime: Regime, duty: Obligation) -> Iterator[Term]:
    for deadline in (duty.deadline, *(variant.deadline for variant in duty.variants)):
        if isinstance(deadline, model.Earliest):
            yield from (Term(regime, duty, part.anchor, part.value * HOUR) for part in deadline.of)
        else:
            yield Term(regime, duty, duty.anchor, _least(deadline))


def _least(deadline: model.Deadline) -> timedelta:
    """Periods of days end with a day, and so are longer than that many days; no month is shorter than February."""
    match deadline:
        case model.Hours():
            return deadline.value * HOUR
        case model.UndueDelay():
            return deadline.policy_target_hours * HOUR
        case model.CalendarDays() | model.BusinessDays() | model.AfterYearEnd():
            return deadline.value * DAY
        case model.Months():
            return deadline.value * SHORTEST_MONTH
    raise TypeError(f"{deadline.mode} is not a period")
