"""A life in which no person says anything: what is presumed, and the strict dates that pass."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from agent.daemon.drills.legal.expected_dates import ExpectedDates, wrong_times
from agent.daemon.drills.legal.kept_life import AFTERWARDS
from agent.daemon.drills.legal.late_life import LATE
from agent.daemon.drills.legal.legal_life import LegalLife
from agent.daemon.drills.legal.legal_stage import LegalStage, judged
from agent.duration import written
from agent.notice.deadlines import DETECTED
from agent.wording.number import counted

AWARE = "aware"
PASSED = "clock-shadow-passed"
BEFORE = timedelta(milliseconds=1)


def silent_life(life: LegalLife, expected: ExpectedDates, presumed_after: timedelta) -> Iterator[LegalStage]:
    """Nobody is called in it: that is another drill's."""
    life.open()
    at = life.begin + presumed_after
    life.pass_to(at - BEFORE)
    wrong = ["awareness is presumed too early"] if AWARE in life.incident.anchors else []
    life.pass_to(at)
    aware = life.incident.anchors.get(AWARE)
    if aware is None or aware.time != at or not aware.presumed:
        wrong.append(f"awareness is not presumed {written(presumed_after)} after the detection")
    due = expected.due({DETECTED: life.begin, AWARE: at})
    wrong += expected.wrong_dates(life, due, "due")
    wrong += [
        f"{id_} does not say that its date is presumed"
        for id_, clock in life.clocks().items()
        if clock.due is not None and clock.anchor != DETECTED and not clock.presumed
    ]
    dated = counted(sum(end is not None for end in due.values()), "date")
    yield judged("presumed", wrong, f"after {written(presumed_after)} awareness is presumed, and {dated} says so")
    life.pass_to(life.now + AFTERWARDS)
    strict = {id_: end for id_, end in expected.strict(life.begin).items() if end is not None}
    ends = {id_: end for id_, end in due.items() if end is not None}
    # A strict date that is that of the law too is reported as late, once.
    alone = {id_: [end] for id_, end in strict.items() if end < ends.get(id_, end + BEFORE)}
    wrong = wrong_times(life.clock_records(PASSED), alone, "had its strict date reported")
    wrong += wrong_times(life.clock_records(LATE), {id_: [end] for id_, end in ends.items()}, "was reported late")
    sentence = f"{counted(len(alone), 'strict date')} and {counted(len(ends), 'presumed date')} reported as they passed"
    yield judged("strict dates passed", wrong, sentence)
