"""Drills of the law: a regime's whole life on a moved clock, in a state of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from agent.daemon.drills.legal.calling_drills import PEOPLE
from agent.daemon.drills.legal.legal_drill import legal_drills, stages_of_drill
from agent.daemon.drills.legal.legal_stage import LegalStage
from agent.drills.drill import DrillStage, StageVerdict
from agent.notice.regimes.model import RegimePack
from agent.notice.settings import NoticeSettings


def legal_names(pack: RegimePack) -> list[str]:
    """All that the pack in force has."""
    return list(legal_drills(pack))


def legal_stages(name: str, settings: NoticeSettings | None, pack: RegimePack, now: datetime) -> Iterator[DrillStage]:
    """Each as soon as it is judged. Raises LeaklineError for one that there is not."""
    for stage in stages_of_drill(name, settings, pack, now):
        yield DrillStage(stage.name, _verdict(stage), stage.sentence, now)


def _verdict(stage: LegalStage) -> StageVerdict:
    if not stage.passed:
        return "failed"
    return "not set up" if stage.name == PEOPLE else "passed"
