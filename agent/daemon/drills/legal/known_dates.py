"""Deadlines that were computed by hand, as clocks of an incident have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from agent.daemon.drills.legal.drill_rules import DrillRules
from agent.daemon.drills.legal.legal_life import LegalLife
from agent.daemon.drills.legal.legal_stage import LegalStage, judged
from agent.daemon.drills.legal.legal_state import LegalState
from agent.notice.deadlines import DETECTED
from agent.notice.regimes.model import PRIOR_STAGE
from agent.wording.number import counted

FILE = Path(__file__).with_name("known_dates.yaml")


class KnownDate(BaseModel):
    """One deadline."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    regime: str
    obligation: str
    anchors: Mapping[str, datetime]
    due: datetime
    zone: str = ""
    """Of the recipient; unless given, that of the regime."""
    facts: Sequence[str] = Field(default=())
    role: str = ""
    drill: str = ""
    """In which drill it is tried besides that of its regime."""

    @property
    def begin(self) -> datetime:
        return min(self.anchors.values()).astimezone(UTC)


def known_dates(*, regime: str = "", drill: str = "") -> list[KnownDate]:
    """Those of a regime, or of a drill."""
    return [known for known in _all() if (known.regime == regime if regime else known.drill == drill)]


@lru_cache(maxsize=1)
def _all() -> list[KnownDate]:
    return TypeAdapter(list[KnownDate]).validate_python(yaml.load(FILE.read_bytes(), yaml.CSafeLoader))


def known_date_stage(state: LegalState, rules: DrillRules, name: str, dates: Sequence[KnownDate]) -> LegalStage:
    """All of them as one stage; a life each."""
    wrong = [difference for known in dates if (difference := wrong_date(state, rules, known))]
    return judged(name, wrong, f"{counted(len(dates), 'date')} computed by hand found again")


def wrong_date(state: LegalState, rules: DrillRules, known: KnownDate) -> str:
    """A sentence where the clock has another date; else empty. Raises LeaklineError."""
    own = {"zone": known.zone or None, **({"roles": [known.role]} if known.role else {})}
    there = replace(rules, settings=rules.settings.model_copy(update=own))
    life = LegalLife(state, f"date-{state.lives}", there, known.begin, calls=False)
    life.open()
    for name, time in sorted(known.anchors.items(), key=lambda item: item[1]):
        life.pass_to(time.astimezone(UTC))
        if name.startswith(PRIOR_STAGE):
            life.send(f"{known.regime}/{name.removeprefix(PRIOR_STAGE)}")
        elif name != DETECTED:
            life.declare([name])
    if known.facts:
        life.ask("incidents_fact", facts=list(known.facts), by="drill")
    clock = life.clocks().get(known.obligation)
    if clock is None:
        return f"{known.name}: {known.regime}/{known.obligation} has no clock"
    found = clock.due if clock.due is not None or DETECTED not in known.anchors else clock.shadow_due
    if found == known.due:
        return ""
    said = f"{found:%Y-%m-%d %H:%M} UTC" if found is not None else "no date"
    return f"{known.name}: {known.regime}/{known.obligation} has {said}, and {known.due:%Y-%m-%d %H:%M} UTC is right"
