"""One regime through three lives: kept, late, and silent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from agent.daemon.drills.legal.drill_rules import DrillRules, rules_for
from agent.daemon.drills.legal.expected_dates import ExpectedDates
from agent.daemon.drills.legal.kept_life import kept_life
from agent.daemon.drills.legal.known_dates import known_date_stage, known_dates
from agent.daemon.drills.legal.late_life import late_life
from agent.daemon.drills.legal.legal_life import LegalLife
from agent.daemon.drills.legal.legal_stage import LegalStage, judged
from agent.daemon.drills.legal.legal_state import LegalState
from agent.daemon.drills.legal.newer_terms import is_newer, table_for, wrong_terms
from agent.daemon.drills.legal.silent_life import silent_life
from agent.daemon.drills.legal.terms import term_table
from agent.notice.regimes.model import Regime, RegimePack
from agent.notice.settings import NoticeSettings
from agent.wording.number import counted


def regime_stages(
    state: LegalState, regime: Regime, settings: NoticeSettings | None, pack: RegimePack, begin: datetime
) -> Iterator[LegalStage]:
    """In their order."""
    begin = in_force_from(regime, begin)
    table = table_for(pack)
    rules = rules_for(settings, pack, regime)
    terms = counted(len(regime.obligations), "term")
    by = "of a newer pack than the table is" if is_newer(pack, term_table()) else f"as in the table of {table.version}"
    yield judged("terms", wrong_terms(regime, table), f"{terms} {by}")
    expected = ExpectedDates(regime.id, table.regimes[regime.id], table)
    yield from kept_life(LegalLife(state, "kept", rules, begin), expected)
    yield from late_life(LegalLife(state, "late", rules, begin), expected, rules.settings.alarms)
    silent = LegalLife(state, "silent", rules, begin, calls=False)
    yield from silent_life(silent, expected, rules.settings.presume_aware_after)
    yield from _known(state, rules, pack, regime.id)


def in_force_from(regime: Regime, begin: datetime) -> datetime:
    """A law that comes into force later is tried on its first day; zones of half the world are behind UTC then."""
    first = regime.effective_from
    if first is None:
        return begin
    return max(begin, datetime.combine(first, time(), UTC) + timedelta(days=1))


def _known(state: LegalState, rules: DrillRules, pack: RegimePack, regime: str) -> Iterator[LegalStage]:
    """Dates that were computed by hand, of the pack beside which they were written."""
    dates = [] if is_newer(pack, term_table()) else known_dates(regime=regime)
    if dates:
        yield known_date_stage(state, rules, "known dates", dates)
