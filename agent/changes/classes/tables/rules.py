"""The settings `rules`: which rules run, and how much it takes until they raise an alert."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agent.changes.classes.change_class import Difference
from agent.changes.classes.containers import Entries, Group, Members
from agent.changes.classes.directions import ValueChange, any_weakens, fewer_weakens, larger_weakens, smaller_weakens
from agent.changes.classes.line import Compare, Line, Place
from agent.changes.classes.magnitude import level, number, on, span

HIGHER = "The higher it is, the more it takes until an alert; the rule's own number is not in the settings."

SILENCING = frozenset({"ApprovedAppIds"})
"""Placeholders of the shipped rules whose values are left out: fewer values raise more alerts."""


@dataclass(frozen=True, slots=True)
class Placeholders:
    """Values by the names that rules call them. A value can silence a rule or be what it looks for."""

    def differences(self, place: Place, change: ValueChange, reason: str, compare: Compare) -> Iterator[Difference]:
        for below in Entries().differences(place, change, reason, compare):
            silencing = below.path in {place.key(name).path for name in SILENCING}
            yield replace(below, change_class="strengthen") if silencing and _are_fewer(below) else below


def _are_fewer(values: Difference) -> bool:
    reverse = ValueChange(values.after or [], values.before)
    return fewer_weakens(reverse) == "strengthen"


LINES: Sequence[Line] = (
    Line("rules", Group(), "Rules raise the alerts."),
    Line(
        "rules.folders", Members(added="weaken"), "Rules of a folder are missed, and filters in it can silence others."
    ),
    Line("rules.shipped", smaller_weakens(on), "Without the rules that come with Leakline most leaks raise no alert."),
    Line("rules.minimum_level", larger_weakens(level), "Rules below this level do not run."),
    Line("rules.statuses", Members(), "Rules of other statuses do not run."),
    Line("rules.disabled", Members(added="weaken", removed="strengthen"), "A rule in this list does not run."),
    Line("rules.placeholders", Placeholders(), "Rules compare with these values."),
    Line(
        "rules.placeholders.*",
        Group(added="weaken"),
        "Rules compare with these values: one more can silence them, one less too.",
    ),
    Line("rules.placeholders.*.file", any_weakens, "Rules compare with the values of this file."),
    Line("rules.adjust", Entries(empty=True), "A rule has other numbers by it."),
    Line("rules.adjust.*", Group(), "A rule has other numbers by it."),
    Line("rules.adjust.*.level", smaller_weakens(level), "Alerts of a lower level notify fewer people."),
    Line("rules.adjust.*.threshold", larger_weakens(number), HIGHER),
    Line("rules.adjust.*.timespan", smaller_weakens(span), "In a shorter time fewer events come together."),
    Line("rules.adjust.*.ratio", larger_weakens(number), HIGHER),
    Line("rules.adjust.*.deviation", larger_weakens(number), HIGHER),
    Line("rules.adjust.*.highest", larger_weakens(number), HIGHER),
    Line("rules.adjust.*.distance", larger_weakens(number), "The higher it is, the farther apart places must be."),
    Line("rules.adjust.*.minimum_history", larger_weakens(span), "The longer it is, the later alerts begin."),
    Line("rules.fold", larger_weakens(span), "Repeats within this time are counted and raise no alert of their own."),
    Line("rules.revise", larger_weakens(span), "The longer it is, the later it is known that an alert has grown."),
)
