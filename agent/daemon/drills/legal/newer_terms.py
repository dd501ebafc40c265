"""Terms of a pack that is newer than the table: its own words, and the count alone is a second one."""

from __future__ import annotations

from agent.daemon.drills.legal.terms import LegalTerm, RegimeTerms, TermTable, term_table
from agent.notice.counting.working_days import country_of
from agent.notice.regimes import model
from agent.notice.regimes.model import Obligation, Regime, RegimePack
from agent.notice.regimes.pack import order

WORKS = {"US-FED": "US"}
"""Calendars of the pack that are not called by their country."""


def is_newer(pack: RegimePack, table: TermTable) -> bool:
    """Whether the table says nothing of it: it is of a later version, or another pack."""
    return pack.pack.id != table.pack or order(pack.pack.version) > order(table.version)


def table_for(pack: RegimePack) -> TermTable:
    """By which drills of this pack are judged; what the table does not name has the pack's words."""
    table = term_table()
    if not is_newer(pack, table):
        known = {**{regime.id: terms_of(regime) for regime in pack.regimes}, **table.regimes}
        return table.model_copy(update={"regimes": known})
    return TermTable(
        pack=pack.pack.id,
        version=pack.pack.version,
        presumed=pack.presumed_anchors,
        no_knowing=pack.no_shadow,
        regimes={regime.id: terms_of(regime) for regime in pack.regimes},
    )


def wrong_terms(regime: Regime, table: TermTable) -> list[str]:
    """A sentence for each obligation of which the pack and the table say different things, whether or not a date shows it."""
    words, known = terms_of(regime), table.regimes[regime.id]
    wrong = (
        [f"days of {regime.id} end in {words.zone}, and in the table in {known.zone}"]
        if words.zone != known.zone
        else []
    )
    return wrong + [
        f"{regime.id}/{id_} is `{words.obligations[id_]}`, and in the table `{term}`"
        for id_, term in known.obligations.items()
        if id_ in words.obligations and words.obligations[id_] != term
    ]


def terms_of(regime: Regime) -> RegimeTerms:
    return RegimeTerms(zone=regime.zone, obligations={duty.id: _term(duty, regime.zone) for duty in regime.obligations})


def _term(duty: Obligation, zone: str) -> LegalTerm:
    deadline = duty.deadline
    words: dict[str, object] = {"from": duty.anchor, "zone": getattr(deadline, "zone", None) or ""}
    match deadline:
        case model.Earliest():
            parts = {part.anchor: part.value for part in deadline.of}
            words = {"earliest": parts, "late": deadline.late or ""}
        case model.Hours():
            words["hours"] = deadline.value
        case model.UndueDelay():
            words["target"] = deadline.policy_target_hours
        case model.CalendarDays():
            words["days"] = deadline.value
        case model.Months():
            words["months"] = deadline.value
        case model.BusinessDays():
            words |= {"business_days": deadline.value, "works": WORKS.get(deadline.calendar, deadline.calendar)}
        case model.AfterYearEnd():
            words["days_after_year"] = deadline.value
    if getattr(deadline, "roll", None) is not None:
        words["rolls"] = country_of(str(words["zone"]) or zone)
    return LegalTerm.model_validate(words)
