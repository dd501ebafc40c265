"""Nights in which clocks are set, and deadlines on days on which nobody works."""

from __future__ import annotations

from collections.abc import Iterator

from agent.daemon.drills.legal.drill_rules import rules_for
from agent.daemon.drills.legal.expected_dates import ExpectedDates
from agent.daemon.drills.legal.known_dates import KnownDate, known_dates, wrong_date
from agent.daemon.drills.legal.late_life import late_life
from agent.daemon.drills.legal.legal_life import LegalLife
from agent.daemon.drills.legal.legal_stage import LegalStage, judged
from agent.daemon.drills.legal.legal_state import LegalState
from agent.daemon.drills.legal.newer_terms import is_newer, table_for
from agent.daemon.drills.legal.terms import term_table
from agent.notice.regimes.model import RegimePack
from agent.notice.settings import NoticeSettings


def date_stages(
    state: LegalState, drill: str, settings: NoticeSettings | None, pack: RegimePack
) -> Iterator[LegalStage]:
    """Each known date of the drill; then alarms and lateness of a life around the first of them. A newer pack may have other
    terms: then dates are those that a second count gives by its words.
    """
    dates = [known for known in known_dates(drill=drill) if pack.regime(known.regime) is not None]
    for known in dates:
        rules = rules_for(settings, pack, pack.regime(known.regime))
        expected = _expected(known, pack)
        wrong = wrong_date(state, rules, expected) if expected is not None else ""
        sentence = f"{known.regime}/{known.obligation} is due before {(expected or known).due:%Y-%m-%d %H:%M} UTC"
        yield judged(known.name, [wrong] if wrong else [], sentence)
    for known in dates[:1]:
        table, rules = table_for(pack), rules_for(settings, pack, pack.regime(known.regime))
        terms = ExpectedDates(known.regime, table.regimes[known.regime], table)
        yield from late_life(LegalLife(state, "late", rules, known.begin), terms, rules.settings.alarms)


def _expected(known: KnownDate, pack: RegimePack) -> KnownDate | None:
    """None for what depends on a fact, of which a second count knows nothing."""
    if not is_newer(pack, term_table()):
        return known
    table = table_for(pack)
    terms = table.regimes[known.regime]
    term = terms.obligations.get(known.obligation)
    end = term.end(table.with_presumed(known.anchors), known.zone or terms.zone) if term is not None else None
    return known.model_copy(update={"due": end}) if end is not None and not known.facts else None
