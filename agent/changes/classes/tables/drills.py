"""The settings `drills`: how often which drills run, and when a missing one is reported."""

from __future__ import annotations

from collections.abc import Sequence

from agent.changes.classes.change_class import ChangeClass
from agent.changes.classes.containers import Group
from agent.changes.classes.cron import cron_change
from agent.changes.classes.directions import ValueChange, any_is_neutral, fewer_weakens, larger_weakens
from agent.changes.classes.line import Line
from agent.changes.classes.magnitude import span

ALL = "all"


def scenarios(change: ValueChange) -> ChangeClass:
    """All of them is more than any list."""
    if change.after == ALL:
        return "strengthen"
    return "weaken" if change.before == ALL else fewer_weakens(change)


LINES: Sequence[Line] = (
    Line("drills", Group(), "Drills show that detection and messages work."),
    Line("drills.schedule", cron_change, "The rarer drills are, the later a broken part is noticed."),
    Line("drills.scenarios", scenarios, "What no drill tries can break without a sign."),
    Line("drills.overdue_after", larger_weakens(span), "The longer it is, the later a missing drill is reported."),
    Line("drills.speed", any_is_neutral, "Faster drills try the same tiers, in less time."),
    Line("drills.zone", any_is_neutral, "By the clocks of another zone as many drills run."),
)
