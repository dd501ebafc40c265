"""What `leakline status` says of drills: a line, once one has run or the settings ask for some."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from agent.status.drills import DrillsStatus
from agent.status_document import StatusDocument
from agent.terminal import words
from agent.wording.moment import utc

MOST_NAMED = 3


def drill_lines(status: StatusDocument) -> Iterator[Text]:
    """Nothing where no daemon runs."""
    drills = status.drills
    if drills is not None:
        yield words(f"drills: {', '.join(_parts(drills))}", "red" if drills.failed or drills.overdue else "")


def _parts(drills: DrillsStatus) -> Iterator[str]:
    if drills.newest is None:
        yield "none has ended yet"
    else:
        yield f"{drills.passed} passed at their last run"
    if drills.failed:
        rest = len(drills.failed) - MOST_NAMED
        further = f" and {rest} more" if rest > 0 else ""
        yield f"{len(drills.failed)} failed ({', '.join(drills.failed[:MOST_NAMED])}{further})"
    if drills.overdue:
        yield f"{drills.overdue} overdue"
    if drills.running:
        yield f"{drills.running} runs" + (f" and {drills.waiting} wait" if drills.waiting else "")
    if drills.newest is not None:
        newest = drills.newest
        yield f"the newest is {newest.id} ({newest.scenario}), {newest.verdict} {utc(newest.ended_at)}"
