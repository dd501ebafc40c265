"""Running one legal drill: in a folder of its own that is deleted after it, in seconds of real time."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import structlog

from agent.daemon.drills.legal.calling_drills import nobody_acknowledges, nobody_on_call
from agent.daemon.drills.legal.date_drills import date_stages
from agent.daemon.drills.legal.drill_rules import rules_for
from agent.daemon.drills.legal.legal_stage import LegalStage
from agent.daemon.drills.legal.legal_state import LegalState, legal_state
from agent.daemon.drills.legal.newer_terms import is_newer
from agent.daemon.drills.legal.regime_drill import regime_stages
from agent.daemon.drills.legal.terms import term_table
from agent.errors import LeaklineError
from agent.notice.regimes.model import Regime, RegimePack
from agent.notice.settings import NoticeSettings

log = structlog.get_logger()

PREFIX = "legal:"
CALLING = {call.__name__.replace("_", "-"): call for call in (nobody_acknowledges, nobody_on_call)}
"""Drills of who is called, by their names."""
DATES = ("dst-night", "holiday")
"""Those of known dates."""

LATER = timedelta(days=10_000)
"""After whatever a drill did."""

LONGEST_TRACE = 4_000
"""Characters of the log."""

NOT_YET = ("proposed", "pending")


def legal_drills(pack: RegimePack) -> Sequence[str]:
    """Names, `legal:` in front: one for each regime that is law or will be on a known day, and those that are of no regime."""
    return [PREFIX + name for name in (*(regime.id for regime in _regimes(pack)), *DATES, *CALLING)]


def run_legal_drill(name: str, settings: NoticeSettings | None, pack: RegimePack, begin: datetime) -> list[LegalStage]:
    """All stages of `stages_of_drill`."""
    return list(stages_of_drill(name, settings, pack, begin))


def stages_of_drill(
    name: str, settings: NoticeSettings | None, pack: RegimePack, begin: datetime
) -> Iterator[LegalStage]:
    """Every stage, in order, each as soon as it is judged. `settings`, `pack`: those in force; `begin`: when the incident is
    detected.

    What breaks ends the drill, and fails. Raises LeaklineError for a name that is none, and StateError.
    """
    stages_of, last = _stages_of(name, settings, pack, begin), ""
    with legal_state(name) as state:
        try:
            for stage in stages_of(state):
                last = stage.name
                yield stage
        except Exception as error:  # noqa: BLE001 - whatever breaks is what the drill is for
            log.error("a legal drill broke off", drill=name, traceback=traceback.format_exc()[-LONGEST_TRACE:])
            said = f"it broke off: {type(error).__name__}: {str(error)[:300]}"
            yield LegalStage(f"after {last}" if last else "begin", passed=False, sentence=said)
        yield state.trail_stage(begin + LATER)


def _stages_of(
    name: str, settings: NoticeSettings | None, pack: RegimePack, begin: datetime
) -> Callable[[LegalState], Iterator[LegalStage]]:
    id_ = name.removeprefix(PREFIX)
    if name not in legal_drills(pack) and not (name.startswith(PREFIX) and _is_missing(id_, pack)):
        near = difflib.get_close_matches(name, legal_drills(pack), n=3) or legal_drills(pack)[:3]
        raise LeaklineError(f"{name[:60]!r} is not a legal drill", hint=f"write one such as {', '.join(near)}")
    if id_ in DATES:
        return lambda state: date_stages(state, id_, settings, pack)
    if calling := CALLING.get(id_):
        return lambda state: calling(state, rules_for(settings, pack), begin)
    regime = next((regime for regime in _regimes(pack) if regime.id == id_), None)
    if regime is None:
        said = f"the pack {pack.pack.version} does not have the regime {id_} any more"
        return lambda _: iter([LegalStage("obligations", passed=False, sentence=said)])
    return lambda state: regime_stages(state, regime, settings, pack, begin)


def _is_missing(id_: str, pack: RegimePack) -> bool:
    """Whether this pack should have the regime, and does not."""
    return id_ in term_table().regimes and not is_newer(pack, term_table())


def _regimes(pack: RegimePack) -> list[Regime]:
    return [regime for regime in pack.regimes if regime.status not in NOT_YET and not regime.template]
